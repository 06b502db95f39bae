from joblib import Parallel, delayed

import helper

def local(i, q=1):
    return q

def run():
    seen = {}
    for backend in ("loky", "threading", "multiprocessing"):
        got = Parallel(2, backend=backend)(delayed(helper.segment)(i, t=0.2) for i in range(2))
        seen[backend] = str(got + Parallel(2, backend=backend)(delayed(local)(i) for i in range(2)))
    return seen
