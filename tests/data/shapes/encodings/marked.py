def f(t="࿕"): return t
