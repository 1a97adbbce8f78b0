-- One of the runs whose names the pattern $plain has, if there is any.
select run from drift_runs where name glob $plain and cap_of is null and answered_of is null limit 1;
