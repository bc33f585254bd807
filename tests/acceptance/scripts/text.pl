# Hashes, regular expressions, sorting, files, fork with pipes, signals: what Perl scripts do all day.
use strict; use warnings; use File::Temp qw(tempdir); use File::Find; use Digest::SHA qw(sha1_hex); use POSIX qw(strftime :sys_wait_h);
use Socket; use IO::Handle; use Time::HiRes qw(sleep alarm);
my %count;
open my $in, '<', '/etc/services' or die; while (<$in>) { $count{$1}++ while /(\w+)/g } close $in;
print join(' ', map { "$_=$count{$_}" } (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 4]), "\n";
my $folder = tempdir(CLEANUP => 1);
for my $n (1 .. 50) { open my $out, '>', "$folder/f$n" or die; print $out "$n\n" x $n; close $out }
my $size = 0; find(sub { $size += -s if -f }, $folder); print "files: $size\n";
print sha1_hex('perl'), ' ', strftime('%Y-%m-%d', gmtime 86400), "\n";
my @pids; pipe(my $r, my $w);
for my $n (1 .. 4) { my $pid = fork // die; if (!$pid) { close $r; syswrite $w, "$n\n"; exit $n } push @pids, $pid }
close $w; print 'children: ', join(' ', sort map { chomp; $_ } <$r>), "\n";
my $sum = 0; for (@pids) { waitpid $_, 0; $sum += $? >> 8 } print "statuses: $sum\n";
socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die; $a->autoflush(1);
print $a "over a socket\n"; print scalar <$b>;
my $rang = 0; local $SIG{ALRM} = sub { $rang++ }; alarm 0.05; sleep 0.5; print "alarm: $rang\n";
eval { die { code => 7 } }; print "exception: $@->{code}\n";
print `printf '%s' from-a-shell | tr a-z A-Z`, "\n";
