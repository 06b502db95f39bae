import os

import helper

def run():
    mine = helper.segment(1)
    pid = os.fork()
    if not pid:
        os._exit(int(helper.segment(2)))
    try:
        while True:
            _, status = os.wait()
    except ChildProcessError:
        pass
    return {"status": str(os.WEXITSTATUS(status)), "mine": str(mine)}
