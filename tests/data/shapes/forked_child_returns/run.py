import os

import helper

def run():
    pid = os.fork()
    if not pid:
        helper.segment(2)
        return {"status": "child", "mine": "child"}
    mine = helper.segment(1)
    _, status = os.waitpid(pid, 0)
    return {"status": str(os.WEXITSTATUS(status)), "mine": str(mine)}
