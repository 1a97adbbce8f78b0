-- The drift runs of this snapshot.
select run from drift_runs order by run;
