"""Descriptions of features that others wrote: fetched, kept and landed as the table `feature_labels`."""
