#!/usr/bin/env bash
# On a terminal the progress is one line, redrawn, that fits; Ctrl-C there stops the training.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

python3 - "$CLINEAR" <<'P' || fail "the live line"
import fcntl, os, pty, re, struct, subprocess, sys, termios

def train(columns, epochs, until=None):
    """The exit status and what the terminal saw; Ctrl-C is typed once that holds `until`."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    def own_terminal():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    process = subprocess.Popen([sys.argv[1], "train", "toy", "--valid", "60", "--epochs", str(epochs)], stdin=slave,
                               stderr=slave, stdout=subprocess.DEVNULL, preexec_fn=own_terminal)
    os.close(slave)
    text = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        text += chunk
        if until and until in text:
            until = None
            os.write(master, b"\x03")
    return process.wait(), text.decode()

def lines(text):
    drawn = [re.sub(r"\033\[K", "", line).rstrip("\r\n") for line in re.split(r"\r(?!\n)", text)]
    return [line for line in drawn if line.startswith("epoch")]

status, text = train(40, 2000)
drawn = lines(text)
assert status == 0 and drawn, text
assert all(len(line) < 40 for line in drawn), drawn
assert drawn[-1].startswith("epoch 2000/2000"), drawn[-1]
assert len(drawn) < 1500, len(drawn)

# What is compiled is said meanwhile, and taken away again.
assert "\rcompiling the kernels for 12 features a\033[K\r\033[K" in text, text

status, text = train(3, 20)
assert status == 0 and all(len(line) < 3 for line in lines(text)), text

# Of an end that is out of sight no time is told.
status, text = train(100, 10**18, until=b"validation error")
assert status == 130 and "interrupted in epoch" in text, (status, text)
assert " left" not in text, text
P
