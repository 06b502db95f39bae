import threading
from concurrent.futures import ThreadPoolExecutor

import helper

def run():
    got = [list(map(helper.segment, [1]))]
    got.append([helper.segment(i) for i in sorted([2])])
    with ThreadPoolExecutor(2) as pool:
        got.append(list(pool.map(helper.segment, [3])))
    box = []
    thread = threading.Thread(target=lambda: box.append(helper.segment(4, t=0.1)))
    thread.start()
    thread.join()
    got.append(box)
    original = helper.segment
    helper.segment = lambda *a, **k: original(*a, **k)
    got.append(helper.segment(5))
    return {"t": str(got)}
