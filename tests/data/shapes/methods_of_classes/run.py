from helper import Deep, Model, Outer

def run():
    made = Model.make()
    return {"got": str([made.depth, Model().fit(1), Deep().fit(3), Model.check(), made(8), Outer.Inner().work()])}
