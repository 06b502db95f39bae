import helper

def run():
    touchy = helper.Touchy()
    endless = []
    endless.append(endless)
    values = [touchy, touchy, helper.Color.RED, helper.Color.BLUE, [touchy], endless]
    return {"t": str([helper.segment(value) for value in values])}
