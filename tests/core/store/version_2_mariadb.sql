CREATE TABLE dpq_audit (
    number BIGINT NOT NULL AUTO_INCREMENT, 
    at DATETIME(6) NOT NULL, 
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
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE TABLE dpq_baseline (
    number BIGINT NOT NULL AUTO_INCREMENT, 
    gate VARCHAR(250) NOT NULL, 
    report_id VARCHAR(250) NOT NULL, 
    started_at DATETIME(6) NOT NULL, 
    accepted_at DATETIME(6) NOT NULL, 
    actor TEXT NOT NULL, 
    reason TEXT NOT NULL, 
    PRIMARY KEY (number)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX dpq_baseline_gate ON dpq_baseline (gate, number);

CREATE TABLE dpq_report (
    number BIGINT NOT NULL AUTO_INCREMENT, 
    `key` VARCHAR(64) NOT NULL, 
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
    data_interval_start DATETIME(6), 
    data_interval_end DATETIME(6), 
    started_at DATETIME(6) NOT NULL, 
    duration_seconds DOUBLE NOT NULL, 
    document LONGTEXT NOT NULL, 
    PRIMARY KEY (number), 
    UNIQUE (`key`), 
    UNIQUE (report_id)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX dpq_report_history ON dpq_report (gate, started_at, number);

CREATE INDEX dpq_report_interval ON dpq_report (gate, data_interval_start, data_interval_end, started_at);

CREATE INDEX dpq_report_latest ON dpq_report (gate, dag_id, started_at, number);

CREATE INDEX dpq_report_task ON dpq_report (dag_id, task_id, run_id, map_index);

CREATE TABLE dpq_schema (
    version INTEGER NOT NULL
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;
