# The seven steps with Ruby's pg.

require 'json'
require 'pg'

$stdout.sync = true

def given(name) = ENV.fetch("POSTERN_#{name}")
def tell(step, **seen) = puts(JSON.generate(step:, **seen))

def connect(key)
  PG.connect(
    host: given('HOST'), port: given('PORT'), dbname: given('DATABASE'), user: given('USER'), password: key,
    sslmode: 'verify-full', sslcert: 'client.crt', sslkey: 'client.key', sslrootcert: 'server_ca.pem'
  )
end

def user_of(connection) = connection.exec('SELECT current_user').getvalue(0, 0)

def refusal
  yield
rescue PG::Error => e
  { message: e.message, sqlstate: e.respond_to?(:result) && e.result&.error_field(PG::PG_DIAG_SQLSTATE) || nil }
else
  raise 'it was not refused'
end

reader = connect(given('READ_KEY'))
tell('connect', version: "#{PG::VERSION}, libpq #{PG.library_version}", user: user_of(reader))

tables = reader.exec("SELECT table_name FROM information_schema.tables WHERE table_schema = 'places'")
tell('list', tables: tables.column_values(0))

ids = []
reader.send_query('SELECT * FROM places.towns')
reader.set_single_row_mode
reader.get_result.stream_each_row { |row| ids << row.first.to_i }
reader.get_last_result
tell('read', rows: ids.size, sum: ids.sum)

write = ['INSERT INTO places.notes (text) VALUES ($1)', [given('NOTE')]]
writer = connect(given('WRITE_KEY'))
tell('write', rows: writer.exec_params(*write).cmd_tuples)
writer.close
tell('refuse', **refusal { reader.exec_params(*write) })

reader.send_query('SELECT pg_sleep(60)')
$stdin.gets
reader.cancel
seen = refusal { reader.get_last_result }
tell('cancel', **seen, user: user_of(reader))

$stdin.gets
session = refusal { loop { reader.exec('SELECT 1') } }
tell('revoked', session: session[:message], message: refusal { connect(given('READ_KEY')) }[:message])

$stdin.gets
tell('reconnect', user: user_of(connect(given('READ_KEY'))))
