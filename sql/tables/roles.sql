-- The study's roles and how far each has come.
create table roles (
    role varchar not null,
    status varchar not null,
    responses_status varchar not null,
    activations_status varchar not null,
    role_features_status varchar not null,
    n_prompts integer not null,
    n_responses integer not null,
    excluded boolean not null,
    eval_prompt varchar
);
comment on table roles is 'The study''s roles, and which of their data are in this snapshot: only fresh ones';
comment on column roles.status is 'fresh: all data fit today''s settings; stale: some were made under others; missing: some are not there. The worst of the stages';
comment on column roles.responses_status is 'fresh, stale or missing';
comment on column roles.activations_status is 'fresh, stale or missing; the worst over the SAEs';
comment on column roles.role_features_status is 'fresh, stale or missing; the worst over the SAEs';
comment on column roles.n_prompts is 'Variants x questions: how many responses the role should have';
comment on column roles.n_responses is 'How many responses of the role are in this snapshot';
comment on column roles.excluded is 'Left out of comparisons (analysis.exclude)';
comment on column roles.eval_prompt is 'What a judge is asked about the role''s responses';
