-- Of each feature the description that is shown.
(select * exclude (rank) from feature_labels where rank = 0)
