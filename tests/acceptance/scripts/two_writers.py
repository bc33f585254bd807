import multiprocessing, os, sqlite3, subprocess, sys
base = sys.argv[1]
def write(who):
    db = sqlite3.connect(base, timeout=30)
    for i in range(60):
        with db:
            db.execute("insert into t values (?, ?)", (who, i))
    db.close()
if len(sys.argv) > 2:
    write(sys.argv[2])
else:
    for f in ("", "-wal", "-shm"):
        if os.path.exists(base + f): os.unlink(base + f)
    db = sqlite3.connect(base)
    print(db.execute("pragma journal_mode=wal").fetchone())
    db.execute("create table t (who text, i integer)"); db.commit()
    ps = [subprocess.Popen([sys.executable, __file__, base, str(n)]) for n in range(2)]
    print([p.wait() for p in ps])
    print(db.execute("select who, count(*), sum(i) from t group by 1 order by 1").fetchall(), db.execute("pragma integrity_check").fetchone())
