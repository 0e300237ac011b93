<?php
// The seven steps with PHP's extension pgsql, and PDO beside it for reading.

const MORE = 'sslmode=verify-full sslcert=client.crt sslkey=client.key sslrootcert=server_ca.pem';

function given(string $name): string
{
    return getenv("POSTERN_$name");
}

function tell(string $step, array $seen): void
{
    echo json_encode(['step' => $step] + $seen, JSON_THROW_ON_ERROR), "\n";
}

function parameters(): string
{
    return sprintf('host=%s port=%s dbname=%s user=%s ', given('HOST'), given('PORT'), given('DATABASE'), given('USER'));
}

/** Throws with what libpq said: PHP tells it as a warning. */
function connect(string $key): PgSql\Connection
{
    $connection = @pg_connect(parameters() . "password=$key " . MORE, PGSQL_CONNECT_FORCE_NEW);
    if ($connection === false) {
        throw new RuntimeException(error_get_last()['message']);
    }
    return $connection;
}

function refusal(PgSql\Result $result): array
{
    return [
        'message' => pg_result_error($result),
        'sqlstate' => pg_result_error_field($result, PGSQL_DIAG_SQLSTATE),
    ];
}

/** Without a warning; the result says what became of it. */
function ask(PgSql\Connection $connection, string $query, array $values = []): PgSql\Result|false
{
    if (!@pg_send_query_params($connection, $query, $values)) {
        return false;
    }
    $result = pg_get_result($connection);
    while (pg_get_result($connection) !== false);
    return $result;
}

function userOf(PgSql\Connection $connection): string
{
    return pg_fetch_result(ask($connection, 'SELECT current_user'), 0, 0);
}

$reader = connect(given('READ_KEY'));
tell('connect', ['version' => PHP_VERSION . ', libpq ' . pg_version($reader)['client'], 'user' => userOf($reader)]);

$tables = ask($reader, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'places'");
tell('list', ['tables' => pg_fetch_all_columns($tables)]);

$pdo = new PDO('pgsql:' . parameters() . MORE, given('USER'), given('READ_KEY'));
$ids = $pdo->query('SELECT * FROM places.towns')->fetchAll(PDO::FETCH_COLUMN, 0);
tell('read', ['rows' => count($ids), 'sum' => array_sum($ids)]);

$write = 'INSERT INTO places.notes (text) VALUES ($1)';
tell('write', ['rows' => pg_affected_rows(ask(connect(given('WRITE_KEY')), $write, [given('NOTE')]))]);
tell('refuse', refusal(ask($reader, $write, [given('NOTE')])));

// pg_cancel_query also reads what the server then says, and keeps it to itself.
pg_send_query($reader, 'SELECT pg_sleep(60)');
fgets(STDIN);
pg_cancel_query($reader) || throw new RuntimeException('it was not cancelled');
tell('cancel', ['user' => userOf($reader)]);

fgets(STDIN);
do {
    $result = ask($reader, 'SELECT 1');
} while ($result !== false && pg_result_status($result) === PGSQL_TUPLES_OK);
$session = pg_last_error($reader);
try {
    connect(given('READ_KEY'));
    $message = 'it was not refused';
} catch (RuntimeException $error) {
    $message = $error->getMessage();
}
tell('revoked', ['session' => $session, 'message' => $message]);

fgets(STDIN);
tell('reconnect', ['user' => userOf(connect(given('READ_KEY')))]);
