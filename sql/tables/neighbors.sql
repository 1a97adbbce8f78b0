-- Which selected features are like which.
create table neighbors (
    sae varchar not null,
    feature_id integer not null,
    rank integer not null,
    neighbor_id integer not null,
    similarity double not null
);
comment on table neighbors is 'The nearest of each selected feature among the selected: cosine over roles, in the full space';
comment on column neighbors.rank is 'The nearest is 1';
comment on column neighbors.neighbor_id is 'The feature_id of the neighbour';
comment on column neighbors.similarity is 'Cosine of the two features'' columns of the role matrix';
