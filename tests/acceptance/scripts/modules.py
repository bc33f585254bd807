import asyncio, hashlib, multiprocessing, os, pty, socket, sqlite3, subprocess, sys, tempfile, threading

def square(n):
    return n * n

def worker(queue, lock, total):
    for item in iter(queue.get, None):
        with lock:
            total.value += item

def main():
    print("subprocess:", subprocess.run(["tr", "a-z", "A-Z"], input="word\n", text=True, capture_output=True).stdout.strip())
    print("shell:", subprocess.check_output("seq 5 | tac | paste -sd+", shell=True, text=True).strip())
    total, lock = [0], threading.Lock()
    def add(n):
        for _ in range(n):
            with lock:
                total[0] += 1
    threads = [threading.Thread(target=add, args=(2000,)) for _ in range(5)]
    [t.start() for t in threads]; [t.join() for t in threads]
    print("threading:", total[0])
    stop = threading.Event()
    waiter = threading.Thread(target=stop.wait); waiter.start(); stop.set(); waiter.join()
    with multiprocessing.Pool(3) as pool:
        print("pool:", pool.map(square, range(10)))
    queue, value, mlock = multiprocessing.Queue(), multiprocessing.Value("i", 0), multiprocessing.Lock()
    ps = [multiprocessing.Process(target=worker, args=(queue, mlock, value)) for _ in range(3)]
    [p.start() for p in ps]
    [queue.put(i) for i in range(50)]; [queue.put(None) for _ in ps]
    [p.join() for p in ps]
    print("queue:", value.value)
    print("hashlib:", hashlib.sha256(b"x" * 1000000).hexdigest()[:16], hashlib.md5(b"").hexdigest()[:8])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "base")
        db = sqlite3.connect(path)
        db.execute("create table t (n integer primary key, w text)")
        with db:
            db.executemany("insert into t values (?, ?)", ((i, str(i) * 3) for i in range(1000)))
        print("sqlite3:", db.execute("select count(*), max(n), sum(length(w)) from t").fetchone())
        db.close()
        with tempfile.NamedTemporaryFile(dir=folder) as f:
            f.write(b"temporary"); f.flush()
            print("tempfile:", open(f.name).read(), sorted(os.listdir(folder))[0])
    left, right = socket.socketpair()
    left.sendall(b"over a socket"); left.close()
    print("socket:", right.recv(100).decode()); right.close()
    async def tick(n):
        await asyncio.sleep(0.01 * n); return n
    async def run():
        p = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
        return (await p.communicate())[0].decode().strip(), await asyncio.gather(*map(tick, range(5)))
    print("asyncio:", asyncio.run(run()))
    pid, fd = pty.fork()
    if pid == 0:
        os.execlp("sh", "sh", "-c", "tty >/dev/null && echo on a tty; stty size; read x; echo got $x")
    os.write(fd, b"input\n")
    out = b""
    try:
        while chunk := os.read(fd, 1000):
            out += chunk
    except OSError:
        pass
    print("pty:", sorted(out.decode().split()), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

if __name__ == "__main__":
    main()
