import helper

def run():
    arguments = [1, 0.2]
    named = {"mode": "a"}
    got = [helper.segment(*arguments), helper.segment(2, 0.3, 4, 5, deep=True), helper.segment(6, **named)]
    return {"got": str(got)}
