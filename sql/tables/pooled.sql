-- Which responses were read by an SAE, and why the others were not.
create table pooled (
    sae varchar not null,
    role varchar not null,
    response_id integer not null,
    variant integer not null,
    question_id integer not null,
    n_tokens integer,
    n_active_features integer,
    excluded_reason varchar
);
comment on table pooled is 'Which responses were pooled; those with excluded_reason NULL are every rate''s denominator';
comment on column pooled.response_id is 'variant * {stride} + question_id';
comment on column pooled.n_tokens is 'Tokens pooled over';
comment on column pooled.n_active_features is 'Features that fired on at least one of them';
comment on column pooled.excluded_reason is 'NULL: the response was pooled';
