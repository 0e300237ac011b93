/**
 * The demo's data: Veldmark, an island that is on no map, placed where the North Atlantic is empty. Made by seeded
 * random numbers, so everybody sees the same one. Schemas `places`, `transport` and `weather` are for everybody with
 * a key of the account, `finance` is not. Coordinates are degrees (WGS 84), so any tool shows them without PostGIS.
 */

/** Owns everything; nobody logs in as it. */
export const ownerRole = 'demo_owner';

/** What the read-only key may see. */
export const readableSchemas = ['places', 'transport', 'weather'];

/** Runs in one transaction, as the owner role, in an empty database that it owns. */
export const dataSetSql = `
SELECT setseed(0.1815);

CREATE SCHEMA places;
CREATE SCHEMA transport;
CREATE SCHEMA weather;
CREATE SCHEMA finance;

CREATE TABLE places.regions (
  id int PRIMARY KEY,
  name text NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL
);
INSERT INTO places.regions VALUES
  (1, 'Northmoor', -29.1, 46.6), (2, 'Saltreach', -30.4, 45.9), (3, 'Highfell', -28.6, 45.7),
  (4, 'Amberdale', -27.2, 46.1), (5, 'Westering', -31.0, 45.1), (6, 'Midwold', -29.3, 45.0),
  (7, 'Eastmarch', -26.6, 45.1), (8, 'Reedwater', -30.2, 44.2), (9, 'Southholm', -28.0, 44.0);

CREATE TABLE places.towns (
  id int PRIMARY KEY,
  name text NOT NULL,
  region_id int NOT NULL REFERENCES places.regions,
  population int NOT NULL,
  elevation_m int NOT NULL,
  founded int NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL
);
CREATE INDEX ON places.towns (region_id);
INSERT INTO places.towns
SELECT id,
       (ARRAY['Alder','Ash','Birk','Black','Brae','Cold','Crow','Dun','Elm','Fal','Gold','Grim','Hazel','Hart','Kes',
              'Lang','Long','Mar','New','Oak','Old','Raven','Red','Stan','Stone','Thorn','Val','Wend','Whit','Wil'])
         [1 + (id * 7) % 30]
       || (ARRAY['bridge','burgh','bury','by','combe','dale','den','field','ford','gate','ham','haven','hurst','ley',
                 'mere','mouth','ness','stead','ton','wick'])[1 + (id * 3 + id / 30) % 20]
       || CASE WHEN id > 600 THEN (ARRAY[' End',' Green',' Cross',' Hill'])[1 + id % 4] ELSE '' END,
       (SELECT r.id FROM places.regions r ORDER BY (r.lon - p.lon) ^ 2 + 2 * (r.lat - p.lat) ^ 2, r.id LIMIT 1),
       (120 + 260000 / (id + 2.0) ^ 0.85 * (0.7 + 0.6 * p.spread))::int,
       (4 + 780 * greatest(0, 1 - p.reach ^ 1.5) * (0.4 + 0.6 * p.height))::int,
       (820 + 1050 * p.age)::int,
       round(p.lon::numeric, 5), round(p.lat::numeric, 5)
  FROM (SELECT id, reach, random() AS spread, random() AS height, random() AS age,
               -28.8 + 2.9 * reach * (1 + 0.16 * sin(3 * turn)) * cos(turn) AS lon,
               45.2 + 1.7 * reach * (1 + 0.12 * cos(5 * turn)) * sin(turn) AS lat
          FROM (SELECT id, sqrt(random()) AS reach, 2 * pi() * random() AS turn
                  FROM generate_series(1, 1200) AS id) AS polar) AS p;

CREATE TABLE places.rivers (
  id int PRIMARY KEY,
  name text NOT NULL,
  length_km numeric(6, 1) NOT NULL
);
CREATE TABLE places.river_points (
  river_id int NOT NULL REFERENCES places.rivers,
  step int NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  PRIMARY KEY (river_id, step)
);
-- From the fells in the middle to the coast, each bending in its own way.
CREATE TEMPORARY TABLE course ON COMMIT DROP AS
SELECT river, step,
       round((-28.8 + 2.8 * reach * cos(turn))::numeric, 5) AS lon,
       round((45.2 + 1.6 * reach * sin(turn))::numeric, 5) AS lat
  FROM generate_series(1, 9) AS river, generate_series(0, 60) AS step,
       LATERAL (SELECT 0.12 + 0.88 * step / 60.0 AS reach,
                       0.7 * river + 0.11 * sin(step / 5.0 + river) + 0.05 * sin(step / 1.9 + 2 * river) AS turn) AS bend;
INSERT INTO places.rivers
SELECT river, (ARRAY['Aven','Brathe','Corrin','Deverel','Esk','Fenwater','Gair','Holme','Isen'])[river],
       sum(111.32 * sqrt((cos(radians(lat)) * (lon - before_lon)) ^ 2 + (lat - before_lat) ^ 2))
  FROM (SELECT *, lag(lon) OVER course AS before_lon, lag(lat) OVER course AS before_lat
          FROM course WINDOW course AS (PARTITION BY river ORDER BY step)) AS steps
 GROUP BY river;
INSERT INTO places.river_points SELECT river, step, lon, lat FROM course;

CREATE TABLE transport.stations (
  id int PRIMARY KEY,
  town_id int NOT NULL REFERENCES places.towns,
  name text NOT NULL,
  opened date NOT NULL,
  platforms int NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL
);
INSERT INTO transport.stations
SELECT id, id, name || CASE WHEN id <= 12 THEN ' Central' ELSE '' END,
       date '1846-05-01' + (random() * 24000)::int, 1 + (12 / sqrt(id))::int,
       round((lon + 0.006 * (random() - 0.5))::numeric, 5), round((lat + 0.004 * (random() - 0.5))::numeric, 5)
  FROM places.towns WHERE id <= 240 ORDER BY id;

CREATE TABLE transport.roads (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_town int NOT NULL REFERENCES places.towns,
  to_town int NOT NULL REFERENCES places.towns,
  class text NOT NULL CHECK (class IN ('highway', 'country road')),
  length_km numeric(6, 1) NOT NULL,
  UNIQUE (from_town, to_town)
);
-- Each of the larger towns is joined to its three nearest.
INSERT INTO transport.roads (from_town, to_town, class, length_km)
SELECT a, b, CASE WHEN a <= 50 THEN 'highway' ELSE 'country road' END, min(km) * 1.18
  FROM (SELECT least(t.id, n.id) AS a, greatest(t.id, n.id) AS b, n.km
          FROM places.towns t,
               LATERAL (SELECT o.id, 111.32 * sqrt((cos(radians(t.lat)) * (o.lon - t.lon)) ^ 2 + (o.lat - t.lat) ^ 2) AS km
                          FROM places.towns o WHERE o.id <> t.id AND o.id <= 500 ORDER BY km, o.id LIMIT 3) AS n
         WHERE t.id <= 500) AS pairs
 GROUP BY a, b ORDER BY a, b;

CREATE TABLE weather.sensors (
  id int PRIMARY KEY,
  town_id int NOT NULL REFERENCES places.towns,
  lon double precision NOT NULL,
  lat double precision NOT NULL
);
INSERT INTO weather.sensors SELECT id / 20, id, lon, lat FROM places.towns WHERE id % 20 = 0;
CREATE TABLE weather.readings (
  sensor_id int NOT NULL REFERENCES weather.sensors,
  measured_at timestamptz NOT NULL,
  temperature_c numeric(4, 1) NOT NULL,
  rain_mm numeric(4, 1) NOT NULL,
  PRIMARY KEY (sensor_id, measured_at)
);
INSERT INTO weather.readings
SELECT s.id, timestamptz '2026-06-01 00:00+00' + hour * interval '1 hour',
       16 - t.elevation_m / 150.0 + 5 * sin((hour - 9) * pi() / 12) + 2 * random(),
       greatest(0, 9 * random() - 7.5)
  FROM weather.sensors s JOIN places.towns t ON t.id = s.town_id, generate_series(0, 71) AS hour
 ORDER BY s.id, hour;

CREATE TABLE finance.town_budgets (
  town_id int NOT NULL REFERENCES places.towns,
  year int NOT NULL,
  income_eur int NOT NULL,
  spending_eur int NOT NULL,
  PRIMARY KEY (town_id, year)
);
INSERT INTO finance.town_budgets
SELECT id, year, population * (2100 + 90 * (year - 2023)), population * (2050 + (220 * random())::int)
  FROM places.towns, generate_series(2023, 2025) AS year WHERE id <= 400 ORDER BY id, year;

COMMENT ON TABLE places.towns IS 'Towns of Veldmark, a made-up island; 1 is the largest';
COMMENT ON TABLE places.river_points IS 'Courses of the rivers from source to mouth, in steps';
COMMENT ON TABLE transport.roads IS 'Which towns are joined by a road';
COMMENT ON TABLE weather.readings IS 'Three days of hourly readings';
COMMENT ON TABLE finance.town_budgets IS 'Private: only a master key reads it';
`;
