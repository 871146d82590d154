BEGIN TRANSACTION;
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
INSERT INTO "dpq_audit" VALUES(1,'2026-12-01 01:17:26.324342','ada','baseline_accepted','nightly','check','scheduled__2026-01-01',-1,1,'pass','gate ''speed'', report b322665d-a6d2-4ae4-8892-7776658899a7: a new machine');
INSERT INTO "dpq_audit" VALUES(2,'2026-12-01 01:17:26.356796','ada','baseline_accepted','weekly','check','scheduled__2026-01-02',-1,1,'pass','gate ''speed'', report 1f2259bd-4675-49d7-af2c-0631facda87f: a new machine');
INSERT INTO "dpq_audit" VALUES(3,'2026-12-01 01:17:26.372848','ada','baseline_accepted','gone','check','scheduled__2026-01-03',-1,1,'pass','gate ''speed'', report 9eb8b6a5-e31c-4a5c-8853-dd30408c4c2e: a new machine');
INSERT INTO "dpq_audit" VALUES(4,'2026-01-01 00:00:00.000000','ada','on_success_callback','orders','check','r',-1,NULL,'pass','');
CREATE TABLE dpq_baseline (
	number INTEGER NOT NULL, 
	gate VARCHAR(250) NOT NULL, 
	report_id VARCHAR(250) NOT NULL, 
	started_at DATETIME NOT NULL, 
	accepted_at DATETIME NOT NULL, 
	actor TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "dpq_baseline" VALUES(1,'speed','b322665d-a6d2-4ae4-8892-7776658899a7','2026-01-02 00:00:00.000000','2026-12-01 01:17:26.324342','ada','a new machine');
INSERT INTO "dpq_baseline" VALUES(2,'speed','1f2259bd-4675-49d7-af2c-0631facda87f','2026-01-03 00:00:00.000000','2026-12-01 01:17:26.356796','ada','a new machine');
INSERT INTO "dpq_baseline" VALUES(3,'speed','9eb8b6a5-e31c-4a5c-8853-dd30408c4c2e','2026-01-04 00:00:00.000000','2026-12-01 01:17:26.372848','ada','a new machine');
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
INSERT INTO "dpq_report" VALUES(1,'3ad81ee594e122681681bc97f0371f0d7a140cb30620c4d30682bf7073c06ac4','c9e1290c-a9b2-4a9d-9952-a5d277a0d989','check','quality','orders','pass','orders','check','scheduled__2026-01-01',-1,1,'2026-01-01 00:00:00.000000','2026-01-02 00:00:00.000000','2026-01-02 00:00:00.000000',1.0,'{"schema_version":1,"id":"c9e1290c-a9b2-4a9d-9952-a5d277a0d989","gate":"check","kind":"quality","subject":"orders","data_interval":{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"},"verdict":"pass","thresholds":[{"threshold":"row_count > 5","severity":"fail","metric":"row_count","tags":{},"observed":10.0,"limit":5.0,"unit":"","verdict":"pass"}],"metrics":[{"name":"row_count","value":10.0,"unit":"","tags":{},"interval":null}],"checks":[],"environment":{"host":"vm","platform":"Linux-6.18.44-fc-v782-x86_64-with-glibc2.36","python":"3.11.7","cpu_count":2,"memory_bytes":25276063744,"packages":{"airflow-provider-dpq":"0.1.0","apache-airflow":"3.3.2","duckdb":"2.0.0","great-expectations":"1.24.1","numpy":"2.4.6","pandas":"3.1.1","polars":"2.1.0","pyarrow":"26.0.1","scipy":"1.17.1","sqlalchemy":"2.1.9"},"processor":"AMD EPYC"},"provenance":{"dag_id":"orders","task_id":"check","run_id":"scheduled__2026-01-01","map_index":-1,"try_number":1},"started_at":"2026-01-02T00:00:00Z","duration_seconds":1.0,"artifacts":[],"series":[],"profile":null,"recording":null,"parts":[],"error":null}');
INSERT INTO "dpq_report" VALUES(2,'ab58aa2fc476c63e3b46ab07745b3bb58f2d919b2d63a17b77f97cdde9d55b17','9545769c-9ff9-4720-a79f-467c412085f9','check','quality','orders','fail','customers','check','scheduled__2026-01-01',-1,1,'2026-01-01 00:00:00.000000','2026-01-02 00:00:00.000000','2026-01-02 00:00:00.000000',1.0,'{"schema_version":1,"id":"9545769c-9ff9-4720-a79f-467c412085f9","gate":"check","kind":"quality","subject":"orders","data_interval":{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"},"verdict":"fail","thresholds":[{"threshold":"row_count > 5","severity":"fail","metric":"row_count","tags":{},"observed":1.0,"limit":5.0,"unit":"","verdict":"fail"}],"metrics":[{"name":"row_count","value":1.0,"unit":"","tags":{},"interval":null}],"checks":[],"environment":{"host":"vm","platform":"Linux-6.18.44-fc-v782-x86_64-with-glibc2.36","python":"3.11.7","cpu_count":2,"memory_bytes":25276063744,"packages":{"airflow-provider-dpq":"0.1.0","apache-airflow":"3.3.2","duckdb":"2.0.0","great-expectations":"1.24.1","numpy":"2.4.6","pandas":"3.1.1","polars":"2.1.0","pyarrow":"26.0.1","scipy":"1.17.1","sqlalchemy":"2.1.9"},"processor":"AMD EPYC"},"provenance":{"dag_id":"customers","task_id":"check","run_id":"scheduled__2026-01-01","map_index":-1,"try_number":1},"started_at":"2026-01-02T00:00:00Z","duration_seconds":1.0,"artifacts":[],"series":[],"profile":null,"recording":null,"parts":[],"error":null}');
INSERT INTO "dpq_report" VALUES(3,'867059dfbf0c1a94ffbb12a5c5fecc2f0ba6c5f971c29a4d0351136be254194b','64858439-b4e7-49cf-ab50-cc2fb58364a3','check','quality','orders','pass','orders','check','scheduled__2026-01-02',-1,1,'2026-01-02 00:00:00.000000','2026-01-03 00:00:00.000000','2026-01-03 00:00:00.000000',1.0,'{"schema_version":1,"id":"64858439-b4e7-49cf-ab50-cc2fb58364a3","gate":"check","kind":"quality","subject":"orders","data_interval":{"start":"2026-01-02T00:00:00Z","end":"2026-01-03T00:00:00Z"},"verdict":"pass","thresholds":[{"threshold":"row_count > 5","severity":"fail","metric":"row_count","tags":{},"observed":10.0,"limit":5.0,"unit":"","verdict":"pass"}],"metrics":[{"name":"row_count","value":10.0,"unit":"","tags":{},"interval":null}],"checks":[],"environment":{"host":"vm","platform":"Linux-6.18.44-fc-v782-x86_64-with-glibc2.36","python":"3.11.7","cpu_count":2,"memory_bytes":25276063744,"packages":{"airflow-provider-dpq":"0.1.0","apache-airflow":"3.3.2","duckdb":"2.0.0","great-expectations":"1.24.1","numpy":"2.4.6","pandas":"3.1.1","polars":"2.1.0","pyarrow":"26.0.1","scipy":"1.17.1","sqlalchemy":"2.1.9"},"processor":"AMD EPYC"},"provenance":{"dag_id":"orders","task_id":"check","run_id":"scheduled__2026-01-02","map_index":-1,"try_number":1},"started_at":"2026-01-03T00:00:00Z","duration_seconds":1.0,"artifacts":[],"series":[],"profile":null,"recording":null,"parts":[],"error":null}');
INSERT INTO "dpq_report" VALUES(4,'dab2a25064ce0b7e7abbe8f6f116e866dad2efa28e6549c418d55985a02bafca','51e6ea0d-7580-470a-b14e-881be8c987ad','check','quality','orders','pass','','','dpq-1',-1,1,NULL,NULL,'2026-01-03 00:00:00.000000',1.0,'{"schema_version":1,"id":"51e6ea0d-7580-470a-b14e-881be8c987ad","gate":"check","kind":"quality","subject":"orders","data_interval":null,"verdict":"pass","thresholds":[{"threshold":"row_count > 5","severity":"fail","metric":"row_count","tags":{},"observed":10.0,"limit":5.0,"unit":"","verdict":"pass"}],"metrics":[{"name":"row_count","value":10.0,"unit":"","tags":{},"interval":null}],"checks":[],"environment":{"host":"vm","platform":"Linux-6.18.44-fc-v782-x86_64-with-glibc2.36","python":"3.11.7","cpu_count":2,"memory_bytes":25276063744,"packages":{"airflow-provider-dpq":"0.1.0","apache-airflow":"3.3.2","duckdb":"2.0.0","great-expectations":"1.24.1","numpy":"2.4.6","pandas":"3.1.1","polars":"2.1.0","pyarrow":"26.0.1","scipy":"1.17.1","sqlalchemy":"2.1.9"},"processor":"AMD EPYC"},"provenance":{"dag_id":null,"task_id":null,"run_id":"dpq-1","map_index":-1,"try_number":1},"started_at":"2026-01-03T00:00:00Z","duration_seconds":1.0,"artifacts":[],"series":[],"profile":null,"recording":null,"parts":[],"error":null}');
INSERT INTO "dpq_report" VALUES(5,'54d868a8f81651d4d5a871e45466df1b5bec834c4d3c0db0b5e74940723fd717','b322665d-a6d2-4ae4-8892-7776658899a7','speed','benchmark','orders','pass','nightly','check','scheduled__2026-01-01',-1,1,'2026-01-01 00:00:00.000000','2026-01-02 00:00:00.000000','2026-01-02 00:00:00.000000',1.0,'{"schema_version":1,"id":"b322665d-a6d2-4ae4-8892-7776658899a7","gate":"speed","kind":"benchmark","subject":"orders","data_interval":{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"},"verdict":"pass","thresholds":[{"threshold":"median < 1s","severity":"fail","metric":"median","tags":{},"observed":0.001,"limit":1.0,"unit":"s","verdict":"pass"}],"metrics":[{"name":"median","value":0.001,"unit":"s","tags":{},"interval":null}],"checks":[],"environment":{"host":"vm","platform":"Linux-6.18.44-fc-v782-x86_64-with-glibc2.36","python":"3.11.7","cpu_count":2,"memory_bytes":25276063744,"packages":{"airflow-provider-dpq":"0.1.0","apache-airflow":"3.3.2","duckdb":"2.0.0","great-expectations":"1.24.1","numpy":"2.4.6","pandas":"3.1.1","polars":"2.1.0","pyarrow":"26.0.1","scipy":"1.17.1","sqlalchemy":"2.1.9"},"processor":"AMD EPYC"},"provenance":{"dag_id":"nightly","task_id":"check","run_id":"scheduled__2026-01-01","map_index":-1,"try_number":1},"started_at":"2026-01-02T00:00:00Z","duration_seconds":1.0,"artifacts":[],"series":[],"profile":null,"recording":null,"parts":[],"error":null}');
INSERT INTO "dpq_report" VALUES(6,'636f19972120b87929ba05ba9377a0cef0e55be3d10fe8c516b96484d32f09ff','1f2259bd-4675-49d7-af2c-0631facda87f','speed','benchmark','orders','pass','weekly','check','scheduled__2026-01-02',-1,1,'2026-01-02 00:00:00.000000','2026-01-03 00:00:00.000000','2026-01-03 00:00:00.000000',1.0,'{"schema_version":1,"id":"1f2259bd-4675-49d7-af2c-0631facda87f","gate":"speed","kind":"benchmark","subject":"orders","data_interval":{"start":"2026-01-02T00:00:00Z","end":"2026-01-03T00:00:00Z"},"verdict":"pass","thresholds":[{"threshold":"median < 1s","severity":"fail","metric":"median","tags":{},"observed":0.001,"limit":1.0,"unit":"s","verdict":"pass"}],"metrics":[{"name":"median","value":0.001,"unit":"s","tags":{},"interval":null}],"checks":[],"environment":{"host":"vm","platform":"Linux-6.18.44-fc-v782-x86_64-with-glibc2.36","python":"3.11.7","cpu_count":2,"memory_bytes":25276063744,"packages":{"airflow-provider-dpq":"0.1.0","apache-airflow":"3.3.2","duckdb":"2.0.0","great-expectations":"1.24.1","numpy":"2.4.6","pandas":"3.1.1","polars":"2.1.0","pyarrow":"26.0.1","scipy":"1.17.1","sqlalchemy":"2.1.9"},"processor":"AMD EPYC"},"provenance":{"dag_id":"weekly","task_id":"check","run_id":"scheduled__2026-01-02","map_index":-1,"try_number":1},"started_at":"2026-01-03T00:00:00Z","duration_seconds":1.0,"artifacts":[],"series":[],"profile":null,"recording":null,"parts":[],"error":null}');
CREATE TABLE dpq_schema (
	version INTEGER NOT NULL
);
INSERT INTO "dpq_schema" VALUES(2);
CREATE INDEX dpq_report_task ON dpq_report (dag_id, task_id, run_id, map_index);
CREATE INDEX dpq_report_latest ON dpq_report (gate, dag_id, started_at, number);
CREATE INDEX dpq_report_interval ON dpq_report (gate, data_interval_start, data_interval_end, started_at);
CREATE INDEX dpq_report_history ON dpq_report (gate, started_at, number);
CREATE INDEX dpq_baseline_gate ON dpq_baseline (gate, number);
COMMIT;
