/** Perl, PHP and Ruby, whose modules are built on libpq. */

import { describeClient, program } from './programs.ts';

describeClient({
  name: 'Perl DBD-Pg',
  title: 'Perl DBD::Pg',
  command: ['/usr/bin/perl', program('dbd_pg.pl')],
  cancelsSilently: true,
  needs: { probe: ['/usr/bin/perl', '-e', 'use DBD::Pg'], from: 'libdbd-pg-perl' },
});
describeClient({
  name: 'PHP pgsql',
  title: 'PHP pgsql and PDO',
  command: ['/usr/bin/php', program('pgsql.php')],
  cancelsSilently: true,
  needs: {
    probe: ['/usr/bin/php', '-r', 'exit(extension_loaded("pdo_pgsql") ? 0 : 1);'],
    from: 'php-cli php-pgsql',
  },
});
describeClient({
  name: 'Ruby pg',
  command: ['/usr/bin/ruby', program('ruby_pg.rb')],
  needs: { probe: ['/usr/bin/ruby', '-e', 'require "pg"'], from: 'ruby-pg' },
});
