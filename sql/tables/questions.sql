-- What the roles are asked.
create table questions (
    role varchar,
    question_id integer not null,
    question varchar not null
);
comment on table questions is 'What the roles are asked';
comment on column questions.role is 'NULL where every role is asked the same; else the role the question belongs to';
