/*
 * pgjdbc as Databricks, Tableau and other programs use it, beyond the seven steps: the names of its parts are arguments.
 * JDBC_URL, PGUSER and PGPASSWORD (an API key) say where to. Each part prints one line: its name, a tab, and what came of
 * it as name=value, separated by tabs.
 */

import java.io.InputStream;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class JdbcMore {
    interface Part {
        void run(Connection connection, Map<String, Object> answer) throws Exception;
    }

    static final Map<String, Part> parts = new LinkedHashMap<>();

    static {
        parts.put("metadata", JdbcMore::metadata);
        parts.put("partitions", JdbcMore::partitions);
        parts.put("prepared", JdbcMore::prepared);
        parts.put("batch", JdbcMore::batch);
        parts.put("copyOut", JdbcMore::copyOut);
        parts.put("copyIn", JdbcMore::copyIn);
        parts.put("timeout", JdbcMore::timeout);
    }

    public static void main(String[] arguments) throws Exception {
        for (String name : arguments) {
            Map<String, Object> answer = new LinkedHashMap<>();
            // A connection of its own, so that one part's failure is not the next one's.
            try (Connection connection = open()) {
                parts.get(name).run(connection, answer);
            } catch (SQLException error) {
                answer.put("sqlstate", error.getSQLState());
                answer.put("error", everythingOf(error));
            }
            StringBuilder line = new StringBuilder(name);
            answer.forEach((key, value) -> line.append('\t').append(key).append('=').append(oneLine(value)));
            System.out.println(line);
        }
    }

    static String everythingOf(Throwable error) {
        return error.getCause() == null ? error.getMessage() : error.getMessage() + " " + everythingOf(error.getCause());
    }

    static String oneLine(Object value) {
        return String.valueOf(value).replaceAll("\\s+", " ");
    }

    static Connection open() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("ApplicationName", "pgjdbc client");
        return DriverManager.getConnection(System.getenv("JDBC_URL"), properties);
    }

    /** What a tree of schemas, tables and columns is filled from. */
    static void metadata(Connection connection, Map<String, Object> answer) throws SQLException {
        List<String> found = new ArrayList<>();
        try (ResultSet tables = connection.getMetaData().getTables(null, "places", "%", new String[] {"TABLE", "VIEW"})) {
            while (tables.next()) found.add(tables.getString("TABLE_NAME"));
        }
        int columns = 0;
        try (ResultSet rows = connection.getMetaData().getColumns(null, "places", "towns", "%")) {
            while (rows.next()) columns += 1;
        }
        String key = null;
        try (ResultSet rows = connection.getMetaData().getPrimaryKeys(null, "places", "towns")) {
            while (rows.next()) key = rows.getString("COLUMN_NAME");
        }
        answer.put("tables", String.join(",", found));
        answer.put("columns", columns);
        answer.put("primaryKey", key);
    }

    /** Spark's way: the schema by a query without rows, then one connection for each part of a column's range. */
    static void partitions(Connection connection, Map<String, Object> answer) throws Exception {
        try (Statement statement = connection.createStatement();
                ResultSet empty = statement.executeQuery("SELECT * FROM places.towns WHERE 1=0")) {
            answer.put("columns", empty.getMetaData().getColumnCount());
        }
        String[] predicates = {
            "\"id\" < 25001 or \"id\" is null", "\"id\" >= 25001 AND \"id\" < 50001",
            "\"id\" >= 50001 AND \"id\" < 75001", "\"id\" >= 75001"
        };
        long[] counts = new long[predicates.length];
        List<SQLException> failures = new ArrayList<>();
        List<Thread> readers = new ArrayList<>();
        for (int part = 0; part < predicates.length; part += 1) {
            int index = part;
            Thread reader = new Thread(() -> {
                try (Connection own = open()) {
                    own.setAutoCommit(false);
                    String query = "SELECT \"id\",\"name\",\"area\" FROM places.towns WHERE " + predicates[index];
                    try (PreparedStatement statement = own.prepareStatement(
                            query, ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
                        statement.setFetchSize(5_000);
                        try (ResultSet result = statement.executeQuery()) {
                            while (result.next()) counts[index] += 1;
                        }
                    }
                } catch (SQLException error) {
                    synchronized (failures) {
                        failures.add(error);
                    }
                }
            });
            readers.add(reader);
            reader.start();
        }
        for (Thread reader : readers) reader.join();
        if (!failures.isEmpty()) throw failures.get(0);
        long rows = 0;
        for (long count : counts) rows += count;
        answer.put("rows", rows);
    }

    /** From the fifth execution on (prepareThreshold) the statement has a name on the server. */
    static void prepared(Connection connection, Map<String, Object> answer) throws SQLException {
        String text = "SELECT name FROM places.towns WHERE id = ?";
        int found = 0;
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            for (int id = 1; id <= 20; id += 1) {
                statement.setInt(1, id);
                try (ResultSet result = statement.executeQuery()) {
                    if (result.next()) found += 1;
                }
            }
        }
        answer.put("found", found);
        answer.put("named", countOf(connection, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%towns%'"));
    }

    static long countOf(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(query)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** All or nothing, and nothing in the end. */
    static void batch(Connection connection, Map<String, Object> answer) throws SQLException {
        connection.setAutoCommit(false);
        String insert = "INSERT INTO places.notes (text) VALUES (?)";
        int written = 0;
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            for (int number = 0; number < 1_000; number += 1) {
                statement.setString(1, "batch " + number);
                statement.addBatch();
            }
            for (int count : statement.executeBatch()) written += count;
        }
        connection.rollback();
        answer.put("written", written);
        answer.put("left", countOf(connection, "SELECT count(*) FROM places.notes WHERE text LIKE 'batch %'"));
    }

    static void copyOut(Connection connection, Map<String, Object> answer) throws Exception {
        CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
        answer.put("rows", copy.copyOut("COPY (SELECT * FROM places.towns) TO STDOUT", OutputStream.nullOutputStream()));
    }

    /** The text of 100 000 rows while it is being made. */
    static void copyIn(Connection connection, Map<String, Object> answer) throws Exception {
        CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
        InputStream rows = new InputStream() {
            private byte[] line = {};
            private int position = 0;
            private int number = 0;

            @Override
            public int read() {
                if (position == line.length) {
                    if (number == 100_000) return -1;
                    number += 1;
                    line = ("copied " + number + "\n").getBytes();
                    position = 0;
                }
                position += 1;
                return line[position - 1];
            }
        };
        answer.put("rows", copy.copyIn("COPY places.notes (text) FROM STDIN", rows));
        try (Statement statement = connection.createStatement()) {
            answer.put("deleted", statement.executeUpdate("DELETE FROM places.notes WHERE text LIKE 'copied %'"));
        }
    }

    /** setQueryTimeout sends a cancel request, too. */
    static void timeout(Connection connection, Map<String, Object> answer) throws SQLException {
        long began = System.nanoTime();
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            statement.execute("SELECT pg_sleep(60)");
        } catch (SQLException error) {
            answer.put("cancelled", error.getSQLState());
        }
        answer.put("seconds", (System.nanoTime() - began) / 1_000_000_000);
        answer.put("usable", connection.isValid(5));
    }
}
