/*
 * The seven steps with pgjdbc, connecting as the guides for JDBC show it. JDBC_FILES is the part of the URL that names
 * the files of the bundle.
 */

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

public class Jdbc {
    interface Action {
        void run() throws Exception;
    }

    static final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));

    public static void main(String[] arguments) throws Exception {
        try (Connection reader = open("READ")) {
            String version = "pgjdbc " + reader.getMetaData().getDriverVersion() + ", Java " + Runtime.version().feature();
            tell("connect", "version", quoted(version), "user", quoted(userOf(reader)));
            list(reader);
            read(reader);
            try (Connection writer = open("WRITE")) {
                tell("write", "rows", write(writer));
            }
            SQLException refused = refusal(() -> write(reader));
            tell("refuse", "message", quoted(refused.getMessage()), "sqlstate", quoted(refused.getSQLState()));
            cancel(reader);
            input.readLine();
            SQLException session = refusal(() -> {
                while (true) userOf(reader);
            });
            SQLException again = refusal(() -> open("READ"));
            tell("revoked", "session", quoted(session.getMessage()), "message", quoted(again.getMessage()));
        }
        input.readLine();
        try (Connection again = open("READ")) {
            tell("reconnect", "user", quoted(userOf(again)));
        }
    }

    static String value(String name) {
        return System.getenv("POSTERN_" + name);
    }

    static Connection open(String which) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", value("USER"));
        properties.setProperty("password", value(which + "_KEY"));
        return DriverManager.getConnection(
                "jdbc:postgresql://" + value("HOST") + ":" + value("PORT") + "/" + value("DATABASE")
                        + "?sslmode=verify-full&sslrootcert=server_ca.pem&" + System.getenv("JDBC_FILES"),
                properties);
    }

    static String userOf(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT current_user")) {
            result.next();
            return result.getString(1);
        }
    }

    /** As a tree of schemas and tables is filled. */
    static void list(Connection connection) throws SQLException {
        List<String> names = new ArrayList<>();
        try (ResultSet tables = connection.getMetaData().getTables(null, "places", "%", new String[] {"TABLE"})) {
            while (tables.next()) names.add(quoted(tables.getString("TABLE_NAME")));
        }
        tell("list", "tables", names);
    }

    /** By a cursor of the protocol, in portions of the fetch size, which takes a transaction. */
    static void read(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        long rows = 0;
        long sum = 0;
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(1_000);
            try (ResultSet result = statement.executeQuery("SELECT * FROM places.towns")) {
                while (result.next()) {
                    rows += 1;
                    sum += result.getLong("id");
                }
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
        tell("read", "rows", rows, "sum", sum);
    }

    static int write(Connection connection) throws SQLException {
        String insert = "INSERT INTO places.notes (text) VALUES (?)";
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            statement.setString(1, value("NOTE"));
            return statement.executeUpdate();
        }
    }

    /** Statement.cancel() from another thread. */
    static void cancel(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            Thread canceller = new Thread(() -> {
                try {
                    input.readLine();
                    statement.cancel();
                } catch (Exception error) {
                    throw new IllegalStateException(error);
                }
            });
            canceller.start();
            SQLException cancelled = refusal(() -> statement.execute("SELECT pg_sleep(60)"));
            canceller.join();
            tell("cancel", "message", quoted(cancelled.getMessage()), "sqlstate", quoted(cancelled.getSQLState()),
                    "user", quoted(userOf(connection)));
        }
    }

    static SQLException refusal(Action action) throws Exception {
        try {
            action.run();
        } catch (SQLException error) {
            return error;
        }
        throw new AssertionError("it was not refused");
    }

    static void tell(String step, Object... seen) {
        StringBuilder line = new StringBuilder("{\"step\":" + quoted(step));
        for (int index = 0; index < seen.length; index += 2) {
            line.append(',').append(quoted((String) seen[index])).append(':').append(seen[index + 1]);
        }
        System.out.println(line.append('}'));
    }

    static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
