-- Membership and grain storage of a Granary cluster on PostgreSQL 12 or newer.
--
-- Orleans' ADO.NET providers look their statements up in OrleansQuery by key and bind parameters by name; they read result
-- columns by name. The statements below are ours, written to that contract: every change of a silo's row also advances the
-- version of its cluster in the same statement, and only if the version is still the one that the writer read.
-- Safe to run again: nothing is dropped, statements are replaced.

BEGIN;

CREATE TABLE IF NOT EXISTS orleansquery (
    querykey  varchar(64)   PRIMARY KEY,
    querytext varchar(8000) NOT NULL
);

-- One row a cluster: the version that orders all changes of its membership.
CREATE TABLE IF NOT EXISTS orleansmembershipversion (
    deploymentid varchar(150) PRIMARY KEY,
    changedat    timestamptz  NOT NULL DEFAULT now(),
    version      integer      NOT NULL DEFAULT 0
);

-- One row a silo that ever joined.
CREATE TABLE IF NOT EXISTS orleansmembership (
    deploymentid varchar(150) NOT NULL REFERENCES orleansmembershipversion,
    address      varchar(45)  NOT NULL,
    port         integer      NOT NULL,
    generation   integer      NOT NULL,
    siloname     varchar(150) NOT NULL,
    hostname     varchar(150) NOT NULL,
    status       integer      NOT NULL,
    proxyport    integer,
    suspecttimes varchar(8000),
    starttime    timestamptz  NOT NULL,
    iamalivetime timestamptz  NOT NULL,
    PRIMARY KEY (deploymentid, address, port, generation)
);

-- State of grains: the catalog.
CREATE TABLE IF NOT EXISTS orleansstorage (
    grainidhash            integer      NOT NULL,
    grainidn0              bigint       NOT NULL,
    grainidn1              bigint       NOT NULL,
    graintypehash          integer      NOT NULL,
    graintypestring        varchar(512) NOT NULL,
    grainidextensionstring varchar(512) NOT NULL DEFAULT '',
    serviceid              varchar(150) NOT NULL,
    payloadbinary          bytea,
    modifiedon             timestamptz  NOT NULL DEFAULT now(),
    version                integer      NOT NULL,
    PRIMARY KEY (grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, grainidextensionstring, serviceid)
);

INSERT INTO orleansquery (querykey, querytext) VALUES
('InsertMembershipVersionKey', $sql$
    WITH added AS (
        INSERT INTO orleansmembershipversion (deploymentid) VALUES (@DeploymentId)
        ON CONFLICT DO NOTHING RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM added)
$sql$),
('InsertMembershipKey', $sql$
    WITH advanced AS (
        UPDATE orleansmembershipversion SET version = version + 1, changedat = now()
        WHERE deploymentid = @DeploymentId AND version = @Version::integer
          AND NOT EXISTS (
              SELECT 1 FROM orleansmembership
              WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING deploymentid),
    added AS (
        INSERT INTO orleansmembership
            (deploymentid, address, port, generation, siloname, hostname, status, proxyport, starttime, iamalivetime)
        SELECT deploymentid, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort,
               @StartTime::timestamptz, @IAmAliveTime::timestamptz
        FROM advanced RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM added)
$sql$),
('UpdateMembershipKey', $sql$
    WITH advanced AS (
        UPDATE orleansmembershipversion SET version = version + 1, changedat = now()
        WHERE deploymentid = @DeploymentId AND version = @Version::integer
        RETURNING deploymentid),
    changed AS (
        UPDATE orleansmembership m
        SET status = @Status, suspecttimes = @SuspectTimes::varchar, iamalivetime = @IAmAliveTime::timestamptz
        FROM advanced a
        WHERE m.deploymentid = a.deploymentid AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
        RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM changed)
$sql$),
('UpdateIAmAlivetimeKey', $sql$
    UPDATE orleansmembership SET iamalivetime = @IAmAliveTime::timestamptz
    WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$sql$),
('MembershipReadRowKey', $sql$
    SELECT v.deploymentid, m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport,
           m.suspecttimes, m.starttime, m.iamalivetime, v.version
    FROM orleansmembershipversion v
    LEFT JOIN orleansmembership m
      ON m.deploymentid = v.deploymentid AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
    WHERE v.deploymentid = @DeploymentId
$sql$),
('MembershipReadAllKey', $sql$
    SELECT v.deploymentid, m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport,
           m.suspecttimes, m.starttime, m.iamalivetime, v.version
    FROM orleansmembershipversion v
    LEFT JOIN orleansmembership m ON m.deploymentid = v.deploymentid
    WHERE v.deploymentid = @DeploymentId
$sql$),
('GatewaysQueryKey', $sql$
    SELECT address, proxyport, generation FROM orleansmembership
    WHERE deploymentid = @DeploymentId AND status = @Status AND proxyport > 0
$sql$),
('CleanupDefunctSiloEntriesKey', $sql$
    DELETE FROM orleansmembership
    WHERE deploymentid = @DeploymentId AND iamalivetime < @IAmAliveTime::timestamptz AND status <> 3
$sql$),
('DeleteMembershipTableEntriesKey', $sql$
    WITH gone AS (DELETE FROM orleansmembership WHERE deploymentid = @DeploymentId)
    DELETE FROM orleansmembershipversion WHERE deploymentid = @DeploymentId
$sql$),
('ReadFromStorageKey', $sql$
    SELECT payloadbinary, version FROM orleansstorage
    WHERE grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash
      AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND graintypestring = @GrainTypeString
      AND grainidextensionstring = COALESCE(@GrainIdExtensionString::varchar, '') AND serviceid = @ServiceId
$sql$),
('WriteToStorageKey', $sql$
    WITH changed AS (
        UPDATE orleansstorage SET payloadbinary = @PayloadBinary, modifiedon = now(), version = version + 1
        WHERE grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash
          AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND graintypestring = @GrainTypeString
          AND grainidextensionstring = COALESCE(@GrainIdExtensionString::varchar, '') AND serviceid = @ServiceId
          AND version = @GrainStateVersion::integer
        RETURNING version),
    added AS (
        INSERT INTO orleansstorage
            (grainidhash, grainidn0, grainidn1, graintypehash, graintypestring, grainidextensionstring, serviceid, payloadbinary, version)
        SELECT @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString,
               COALESCE(@GrainIdExtensionString::varchar, ''), @ServiceId, @PayloadBinary, 1
        WHERE @GrainStateVersion::integer IS NULL
        ON CONFLICT DO NOTHING
        RETURNING version)
    SELECT COALESCE((SELECT version FROM changed), (SELECT version FROM added), @GrainStateVersion::integer) AS newgrainstateversion
$sql$),
('ClearStorageKey', $sql$
    WITH changed AS (
        UPDATE orleansstorage SET payloadbinary = NULL, modifiedon = now(), version = version + 1
        WHERE grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash
          AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND graintypestring = @GrainTypeString
          AND grainidextensionstring = COALESCE(@GrainIdExtensionString::varchar, '') AND serviceid = @ServiceId
          AND version = @GrainStateVersion::integer
        RETURNING version)
    SELECT COALESCE((SELECT version FROM changed), @GrainStateVersion::integer) AS newgrainstateversion
$sql$)
ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

COMMIT;
