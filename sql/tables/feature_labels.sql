-- Descriptions of features: untrusted text, written by models.
create table feature_labels (
    sae varchar not null,
    feature_id integer not null,
    rank integer not null,
    description varchar not null,
    source varchar not null,
    model varchar,
    url varchar
);
comment on table feature_labels is 'Every candidate description of a feature; written by models, and not checked';
comment on column feature_labels.rank is 'The preferred description is 0';
comment on column feature_labels.source is 'Where it comes from: cache (a file of the study), api or export (Neuronpedia)';
comment on column feature_labels.model is 'The model that wrote it, as far as that is known';
comment on column feature_labels.url is 'The feature''s page';
