#!/usr/bin/env bash
# On a terminal the progress is one line, redrawn, that fits.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

python3 - "$CLINEAR" <<'P' || fail "the live line"
import fcntl, os, pty, re, struct, subprocess, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
process = subprocess.Popen([sys.argv[1], "train", "toy", "--valid", "60", "--epochs", "2000"], stderr=slave,
                           stdout=subprocess.DEVNULL)
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
assert process.wait() == 0
drawn = text.decode().split("\r\033[K") if "\r\033[K" in text.decode() else re.split(r"\r(?!\n)", text.decode())
drawn = [re.sub(r"\033\[K", "", line).rstrip("\r\n") for line in drawn if line.startswith("epoch")]
assert drawn, text
assert all(len(line) < 40 for line in drawn), drawn
assert drawn[-1].startswith("epoch 2000/2000"), drawn[-1]
assert len(drawn) < 1500, len(drawn)
P
