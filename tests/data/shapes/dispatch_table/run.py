import helper

def run():
    return {"t": str([helper.TABLE["segment"](1), helper.apply(2), helper.sharp(3), helper.Settings.method(4)])}
