-- The questions that all roles are asked.
select question_id, question from questions where role is null order by question_id;
