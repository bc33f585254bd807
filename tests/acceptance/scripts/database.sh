#!/usr/bin/env bash
# The sqlite3 shell: two writers and a reader of one database in WAL mode, a dump, an index, a broken statement.
set -e
sqlite3 base 'pragma journal_mode=wal; create table t (who, n integer)'
writer() { for n in $(seq 15); do echo "insert into t values ('$1', $n);"; done | sqlite3 -cmd '.timeout 30000' base; }
writer a & writer b &
for _ in 1 2 3; do sqlite3 -cmd '.timeout 30000' base 'select count(*) >= 0 from t'; done
wait
sqlite3 base 'select who, count(*), sum(n) from t group by 1 order by 1; pragma integrity_check; pragma wal_checkpoint(truncate)'
sqlite3 base 'create index i on t (n); explain query plan select * from t where n = 3'
sqlite3 base '.dump' | sort | sha256sum
sqlite3 rollback 'create table big as with recursive c(n) as (select 1 union all select n + 1 from c where n < 50000) select n, hex(n * n) h from c; select sum(n), max(h) from big; vacuum; delete from big where n % 2; select count(*) from big'
sqlite3 rollback 'select * from nothing' 2>&1 || echo "status $?"
