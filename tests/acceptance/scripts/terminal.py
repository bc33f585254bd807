"""terminal.py PROGRAM: drives a program on a pseudo-terminal as a person does: waits for a text, types, and tells what came."""
import fcntl, os, pty, re, select, shutil, struct, sys, termios, time

class Terminal:
    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", PS1="> ", HISTFILE="", LANG="C", HOME=os.getcwd())
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = ""

    def expect(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while not (match := re.search(pattern, self.seen)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                sys.exit(f"no {pattern!r} in {self.seen!r}")
            try:
                chunk = os.read(self.fd, 4096)
            except OSError:
                chunk = b""
            if not chunk:
                sys.exit(f"ended before {pattern!r}: {self.seen!r}")
            self.seen += chunk.decode(errors="replace")
        self.seen = self.seen[match.end():]
        print("saw", match.group(0).strip())

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        try:
            while os.read(self.fd, 4096):
                pass
        except OSError:
            pass
        print("ended with", os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]))

def bash():
    t = Terminal("bash", "--norc", "--noprofile", "-i")
    t.expect("> ")
    t.type("echo sum $((40 + 2))\n"); t.expect("sum 42")
    t.type("stty size\n"); t.expect("24 80")
    t.type("sleep 30\n"); t.expect("sleep 30"); time.sleep(0.3)
    t.type("\x1a"); t.expect("Stopped")
    t.type("jobs\n"); t.expect("Stopped +sleep 30")
    t.type("bg\n"); t.expect("sleep 30 &")
    t.type("fg\n"); t.expect("sleep 30"); time.sleep(0.3)
    t.type("\x03"); t.expect("> ")
    t.type("echo status $?\n"); t.expect("status 130")
    t.type("cat\n"); time.sleep(0.3); t.type("echoed\n"); t.expect("echoed\r\nechoed"); t.type("\x04"); t.expect("> ")
    t.type("echo wrong\x15echo right\n"); t.expect(r"\rright\r")
    t.type("exit 7\n"); t.end()

def vim():
    t = Terminal(shutil.which("vim") or "vim.tiny", "-u", "NONE", "-N", "file")
    t.expect("file")
    t.type("ione\rtwo\rthree\x1b"); t.type(":%s/t/T/\r"); t.type("ggdd"); t.type(":wq\r"); t.end()
    print(open("file").read().split())

def tmux():
    socket = os.path.join(os.getcwd(), "s")
    with open("conf", "w") as conf:
        conf.write("set -g assume-paste-time 0\n")  # keys as close as a program types them are no paste
    t = Terminal("tmux", "-S", socket, "-f", "conf", "new-session", "-s", "work", "bash --norc --noprofile -i")
    t.expect("work")
    t.type("echo in $((1 + 1)) tmux\r"); t.expect("in 2 tmux")
    t.type("\x02c"); t.expect("1:")
    print(os.popen(f"tmux -S {socket} list-windows -F '#{{window_index}}'").read().split())
    t.type("\x02d"); t.expect("detached"); t.end()
    os.system(f"tmux -S {socket} send-keys -t work:0 'echo sent >sent; exit' Enter")
    for _ in range(100):
        if os.path.exists("sent") and len(os.popen(f"tmux -S {socket} list-windows").readlines()) == 1:
            break
        time.sleep(0.1)
    print(open("sent").read().strip())
    print("kill:", os.system(f"tmux -S {socket} kill-server"))

{"bash": bash, "vim": vim, "tmux": tmux}[sys.argv[1]]()
