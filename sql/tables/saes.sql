-- The sparse autoencoders of the study; position 0 is the one a macro means unless told otherwise.
create table saes (
    position integer not null,
    sae varchar not null,
    release varchar,
    id varchar,
    path varchar,
    neuronpedia_id varchar,
    d_sae integer
);
comment on table saes is 'The study''s sparse autoencoders: a SAELens release and id, or a directory';
comment on column saes.position is 'Order in the study''s YAML; macros use position 0 unless sae is given';
comment on column saes.d_sae is 'Its number of features; NULL where its configuration is not on this machine''s disk';
comment on column saes.sae is 'Its name in this study';
