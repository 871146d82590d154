-- The tables of schema version 1, as SQLite keeps them; one upgrade of a store begins with them.
CREATE TABLE dpq_schema (
    version INTEGER NOT NULL
);
CREATE TABLE dpq_report (
    number INTEGER NOT NULL,
    "key" VARCHAR(64) NOT NULL,
    report_id VARCHAR(250) NOT NULL,
    gate VARCHAR(250) NOT NULL,
    kind VARCHAR(250) NOT NULL,
    subject TEXT NOT NULL,
    verdict VARCHAR(250) NOT NULL,
    dag_id VARCHAR(250) NOT NULL,
    task_id VARCHAR(250) NOT NULL,
    run_id VARCHAR(250) NOT NULL,
    map_index INTEGER NOT NULL,
    try_number INTEGER NOT NULL,
    data_interval_start DATETIME,
    data_interval_end DATETIME,
    started_at DATETIME NOT NULL,
    duration_seconds DOUBLE NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (number),
    UNIQUE ("key"),
    UNIQUE (report_id)
);
CREATE INDEX dpq_report_latest ON dpq_report (gate, dag_id, started_at, number);
CREATE INDEX dpq_report_task ON dpq_report (dag_id, task_id, run_id, map_index);
CREATE INDEX dpq_report_history ON dpq_report (gate, started_at, number);
CREATE INDEX dpq_report_interval ON dpq_report (gate, data_interval_start, data_interval_end, started_at);
CREATE TABLE dpq_audit (
    number INTEGER NOT NULL,
    at DATETIME NOT NULL,
    actor TEXT NOT NULL,
    event VARCHAR(250) NOT NULL,
    dag_id VARCHAR(250),
    task_id VARCHAR(250),
    run_id VARCHAR(250),
    map_index INTEGER NOT NULL,
    try_number INTEGER,
    verdict VARCHAR(250),
    detail TEXT NOT NULL,
    PRIMARY KEY (number)
);
INSERT INTO dpq_schema VALUES (1);
