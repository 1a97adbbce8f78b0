"""Scores of features' labels: how well a model that reads a label foretells where the feature fires."""
