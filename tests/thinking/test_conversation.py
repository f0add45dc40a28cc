def test_x(starter, tiny_gemma4):
    print(starter, tiny_gemma4)
