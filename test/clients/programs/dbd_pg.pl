# The seven steps with Perl's DBD::Pg.

use strict;
use warnings;
use DBI;
use DBD::Pg qw(:async);
use JSON::PP;

$| = 1;
my $json = JSON::PP->new->canonical->ascii;
my %given = map { $_ => $ENV{"POSTERN_$_"} } qw(HOST PORT USER DATABASE READ_KEY WRITE_KEY NOTE);

sub tell_step { my ($step, %seen) = @_; print $json->encode({ step => $step, %seen }), "\n"; }
sub wait_for_line { scalar <STDIN>; }

sub connect_with {
    my ($key) = @_;
    return DBI->connect(
        "dbi:Pg:host=$given{HOST};port=$given{PORT};dbname=$given{DATABASE};sslmode=verify-full;"
          . 'sslcert=client.crt;sslkey=client.key;sslrootcert=server_ca.pem',
        $given{USER}, $key, { RaiseError => 1, PrintError => 0 });
}

sub user_of { my ($handle) = @_; return $handle->selectrow_array('SELECT current_user'); }

sub refusal {
    my ($action) = @_;
    eval { $action->(); 1 } and die 'it was not refused';
    return (message => $DBI::errstr, sqlstate => $DBI::state);
}

my $reader = connect_with($given{READ_KEY});
tell_step('connect', version => "$DBD::Pg::VERSION, libpq $reader->{pg_lib_version}", user => user_of($reader));

my @tables = map { $_->{TABLE_NAME} } @{ $reader->table_info(undef, 'places', '%', 'TABLE')->fetchall_arrayref({}) };
tell_step('list', tables => \@tables);

my ($rows, $sum) = (0, 0);
my $statement = $reader->prepare('SELECT * FROM places.towns');
$statement->execute;
while (my $row = $statement->fetchrow_arrayref) { $rows++; $sum += $row->[0]; }
tell_step('read', rows => $rows, sum => $sum);

my @write = ('INSERT INTO places.notes (text) VALUES (?)', undef, $given{NOTE});
my $writer = connect_with($given{WRITE_KEY});
tell_step('write', rows => 0 + $writer->do(@write));
$writer->disconnect;
tell_step('refuse', refusal(sub { $reader->do(@write) }));

# pg_cancel swallows what the server then says; libpq's cancel with a result to wait for tells it.
$reader->do('SELECT pg_sleep(60)', { pg_async => PG_ASYNC });
wait_for_line();
$reader->pg_cancel or die 'it had ended before';
tell_step('cancel', user => user_of($reader));

wait_for_line();
my %session = refusal(sub { $reader->do('SELECT 1') while 1 });
my %anew = refusal(sub { connect_with($given{READ_KEY}) });
tell_step('revoked', session => $session{message}, message => $anew{message});

wait_for_line();
tell_step('reconnect', user => user_of(connect_with($given{READ_KEY})));
