"""What a feature's decoder direction is: the tokens that it promotes, and the directions that are like it."""
