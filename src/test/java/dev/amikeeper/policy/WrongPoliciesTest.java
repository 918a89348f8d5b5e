package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Set;
import java.util.stream.Stream;

/** What a user reads who made a mistake: the file on the left, the message on the right. */
final class WrongPoliciesTest {
    private static final Region HOME = new Region("us-east-1");

    @ParameterizedTest
    @MethodSource
    void saysWhatIsWrongWithTheFile(String yaml, String message) {
        assertThatThrownBy(() -> parse(yaml))
                .isInstanceOf(InvalidPolicyException.class)
                .hasMessage("policies.yaml:" + message);
    }

    static Stream<Arguments> saysWhatIsWrongWithTheFile() {
        return Stream.of(
                arguments("", "1:1 the file is empty; write policies: {gold: {…}}"),
                arguments(
                        "# only a comment\n", "1:1 the file is empty; write policies: {gold: {…}}"),
                arguments(
                        "hello",
                        "1:1 \"hello\" does not fit here; write a mapping with keys of policies,"
                                + " orders"),
                arguments(
                        "- gold\n",
                        "1:1 a list does not fit here; write a mapping with keys of policies,"
                                + " orders"),
                arguments(
                        "policies: {gold: {select: {tags: {a: b}}, store: {}}}\n",
                        "1:43 policies.gold.store.bucket: missing; write its name, such as"
                            + " \"ami-archive-{region}\"\n"
                            + "policies.yaml:1:43 policies.gold.store.after: missing; write how old"
                            + " an image must be, such as 30d"),
                arguments(
                        "policies: {gold: {select: {tags: {a: b}}, store: {bucket: My_Bucket,"
                                + " after: soon, for: 1d}}}\n",
                        "1:59 policies.gold.store.bucket: not a bucket's name: \"My_Bucket\"; write"
                            + " 3 to 63 of a-z, 0-9, . and -, with {region} for the images' Region,"
                            + " if you like\n"
                            + "policies.yaml:1:77 policies.gold.store.after: not a duration:"
                            + " \"soon\"; write a number and h, d, w or y, such as 48h, 7d, 2w,"
                            + " 1y\n"
                            + "policies.yaml:1:83 policies.gold.store.for: unknown key; write one"
                            + " of bucket, after"),
                arguments(
                        "policies: {gold: {select: {tags: {a: b}, regions: [us-east-1,"
                                + " us-west-2]}, store: {bucket: archive, after: 30d}}}\n",
                        "1:92 policies.gold.store.bucket: a bucket is in one Region, and these"
                                + " images are in 2; write {region} in its name, such as"
                                + " \"ami-archive-{region}\""),
                arguments(
                        "policies: {gold: {select: {tags: {a: b}}, drill: {every: 7d}}}\n",
                        "1:43 policies.gold.drill.region: missing; write where, such as us-west-2\n"
                                + "policies.yaml:1:43 policies.gold.drill.subnet: missing; write an"
                                + " isolated subnet there, such as subnet-0abc\n"
                                + "policies.yaml:1:43 policies.gold.drill.securityGroups: missing;"
                                + " write those of the subnet's VPC, such as [sg-0abc]"),
                arguments(
                        "policies: {gold: {select: {tags: {a: b}}, drill: {every: 7d, region:"
                                + " us-west-2, subnet: subnet-1, securityGroups: [sg-1]}}}\n",
                        "1:70 policies.gold.drill.region: the policy has no images there; name a"
                                + " Region of replicate or select.regions"),
                arguments(
                        "policies: {gold: {select: {tags: {a: b}}, drill: {every: 7d, region:"
                                + " us-east-1, subnet: vpc-1, securityGroups: [], type: small,"
                                + " checks: [http]}}}\n",
                        "1:89 policies.gold.drill.subnet: not a subnet: \"vpc-1\"; write its id, as"
                            + " subnet-0abc1234def567890\n"
                            + "policies.yaml:1:112 policies.gold.drill.securityGroups: an empty"
                            + " list; write one, such as [sg-0abc]\n"
                            + "policies.yaml:1:122 policies.gold.drill.type: not an instance type:"
                            + " \"small\"; write one such as t3.small\n"
                            + "policies.yaml:1:138 policies.gold.drill.checks[0]: unknown check"
                            + " \"http\"; write status, or ssm: {document: NAME}"),
                arguments("{}", "1:1 policies: missing; write a policy below it, as gold: {…}"),
                arguments(
                        "policies:\n",
                        "1:10 policies: nothing is written here; write a policy by its name, as"
                                + " gold: {…}"),
                arguments(
                        "policies: {}\n",
                        "1:11 policies: empty; write a policy by its name, as gold: {…}"),
                arguments(
                        "policies: [gold]\n",
                        "1:11 policies: a list does not fit here; write a policy by its name, as"
                                + " gold: {…}"),
                arguments(
                        "policy: {gold: {select: {tags: {a: b}}}}\n",
                        "1:1 policy: unknown key; did you mean \"policies\"?\n"
                                + "policies.yaml:1:1 policies: missing; write a policy below it, as"
                                + " gold: {…}"),
                arguments(
                        "policies:\n\tgold: {}\n",
                        "2:1 not YAML: while scanning for the next token, found character"
                            + " '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for"
                            + " indentation)"),
                arguments(
                        "policies:\n  gold: {select: {tags: {a: b}}\n",
                        "3:1 not YAML: while parsing a flow mapping from line 2, expected ',' or"
                                + " '}', but got <stream end>"),
                arguments(
                        "policies: {gold: {select: {tags: {a: *nobody}}}}\n",
                        "1:38 not YAML: found undefined alias nobody"),
                arguments(
                        "policies: {}\n---\npolicies: {}\n",
                        "2:1 not YAML: expected a single document in the stream from line 1, but"
                                + " found another document"),
                arguments("policies:\n  \"\u0007\"\n", "2:4 not YAML: character U+0007; remove it"),
                arguments(
                        "policies: {gold: {select: {tags: {a: \"b}}}}\n",
                        "2:1 not YAML: while scanning a quoted scalar from line 1, found unexpected"
                                + " end of stream"),
                arguments(
                        "policies:\n  gold: {}\n silver: {}\n",
                        "3:2 not YAML: while parsing a block mapping from line 1, expected <block"
                                + " end>, but found '<block mapping start>'"),
                arguments(
                        "policies: &p {gold: *p}\n",
                        "1:15 policies.gold.gold: unknown key; write one of select, schedule, on,"
                            + " image, keep, replicate, formerRegions, share, retire, protect,"
                            + " limits, drill, store, formerly\n"
                            + "policies.yaml:1:15 policies.gold.select: missing; write which tags"
                            + " an instance must have, as tags: {backup: gold}"),
                arguments("[".repeat(20_000), "1:1 nested too deeply; policies need six levels"),
                arguments(
                        "#".repeat(300_000),
                        "1:1 the file is too long; write at most 262144 characters"),
                arguments(
                        "a: &a []\nb: [" + "*a,".repeat(60) + "]\n",
                        "1:1 not YAML: Number of aliases for non-scalar nodes exceeds the specified"
                                + " max=50"),
                arguments(
                        "policies:\n  gold: {select: {tags: {a: b}}}\n  gold: {}\n",
                        "3:3 policies.gold: written twice, first on line 2; keep one of them"),
                arguments(
                        "policies: {Gold: {select: {tags: {a: b}}}}\n",
                        "1:12 policies.Gold: bad policy name; write a letter a-z, then up to 39 of"
                                + " a-z, 0-9 and -"),
                arguments(
                        "policies: {\"" + "a".repeat(41) + "\": {select: {tags: {a: b}}}}\n",
                        "1:12 policies.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: bad policy name;"
                                + " write a letter a-z, then up to 39 of a-z, 0-9 and -"),
                arguments(
                        "policies: {[a]: {select: {tags: {a: b}}}}\n",
                        "1:12 policies: a list does not fit here; write a single value as key"),
                arguments(
                        "policies:\n  gold:\n",
                        "2:8 policies.gold: nothing is written here; write a mapping with keys of"
                                + " select, schedule, on, image, keep, replicate, formerRegions,"
                                + " share, retire, protect, limits, drill, store, formerly"),
                arguments(
                        "policies:\n  gold: {}\n",
                        "2:3 policies.gold.select: missing; write which tags an instance must have,"
                                + " as tags: {backup: gold}"),
                arguments(
                        "policies:\n  gold: {select: {}}\n",
                        "2:10 policies.gold.select.tags: missing; write which tags an instance must"
                                + " have, as tags: {backup: gold}"),
                arguments(
                        "policies:\n  gold: {select: {tags: {}}}\n",
                        "2:25 policies.gold.select.tags: empty; write tags to select by, as"
                                + " {backup: gold}; otherwise every instance would be imaged"),
                arguments(
                        "policies:\n  gold: {select: {tags: {backup: []}}}\n",
                        "2:34 policies.gold.select.tags.backup: an empty list; write a value, or"
                                + " \"*\" for any"),
                arguments(
                        "policies:\n  gold: {select: {tags: {backup: }}}\n",
                        "2:33 policies.gold.select.tags.backup: nothing is written here; write a"
                                + " value or a list"),
                arguments(
                        "policies:\n  gold: {select: {tags: {backup: {a: b}}}}\n",
                        "2:34 policies.gold.select.tags.backup: a mapping does not fit here; write"
                                + " a value or a list"),
                arguments(
                        "policies:\n  gold: {select: {tags: {backup: [[a]]}}}\n",
                        "2:35 policies.gold.select.tags.backup[0]: a list does not fit here; write"
                                + " a single value"),
                arguments(
                        "policies:\n  gold: {select: {tags: {\"back*\": a}}}\n",
                        "2:26 policies.gold.select.tags.back*: wildcards work in values only; write"
                                + " the tag's key in full"),
                arguments(
                        "policies:\n  gold: {select: {tags: {backup: !secret a}}}\n",
                        "2:34 policies.gold.select.tags.backup: the YAML tag !secret has no"
                                + " meaning; write a value or a list"),
                arguments(
                        selecting("states: [running, terminated]"),
                        "5:25 policies.gold.select.states[1]: EC2 cannot image an instance in"
                                + " state \"terminated\"; write one of running, stopped"),
                arguments(
                        selecting("states: []"),
                        "5:15 policies.gold.select.states: an empty list; write running or"
                                + " stopped"),
                arguments(
                        selecting("regions: []"),
                        "5:16 policies.gold.select.regions: an empty list; write a Region such"
                                + " as us-east-1"),
                arguments(
                        selecting("regions: [us-esat-1]"),
                        "5:17 policies.gold.select.regions[0]: unknown Region \"us-esat-1\"; did"
                                + " you mean \"us-east-1\"?"),
                arguments(
                        selecting("regions: Mars"),
                        "5:16 policies.gold.select.regions: unknown Region \"Mars\"; write one of"
                                + " eu-west-1, us-east-1, us-west-2"),
                arguments(
                        selecting("region: us-east-1"),
                        "5:7 policies.gold.select.region: unknown key; did you mean \"regions\"?"),
                arguments(
                        policy("shedule: {every: 6h}"),
                        "4:5 policies.gold.shedule: unknown key; did you mean \"schedule\"?"),
                arguments(
                        policy("colour: blue"),
                        "4:5 policies.gold.colour: unknown key; write one of select, schedule, on,"
                                + " image, keep, replicate, formerRegions, share, retire, protect,"
                                + " limits, drill, store, formerly"),
                arguments(
                        policy("<<: {every: 6h}"),
                        "4:5 policies.gold.<<: unknown key; write one of select, schedule, on,"
                                + " image, keep, replicate, formerRegions, share, retire, protect,"
                                + " limits, drill, store, formerly"),
                arguments(
                        policy("schedule:"),
                        "4:14 policies.gold.schedule: nothing is written here; write a mapping with"
                                + " keys of cron, every, zone, spread"),
                arguments(
                        policy("schedule: {}"),
                        "4:5 policies.gold.schedule: has neither cron nor every; write {cron: \"0 2"
                                + " * * *\"} or {every: 6h}"),
                arguments(
                        policy("schedule: \"0 2 * * *\""),
                        "4:15 policies.gold.schedule: \"0 2 * * *\" does not fit here; write a"
                                + " mapping with keys of cron, every, zone, spread"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * *\", every: 6h}"),
                        "4:5 policies.gold.schedule: has both cron and every; keep one of them"),
                arguments(
                        policy("schedule: {cron: \"0 2 * *\"}"),
                        "4:22 policies.gold.schedule.cron: \"0 2 * *\" does not have five fields"
                                + " but 4; write the five minute, hour, day of month, month, day of"
                                + " week, as \"0 2 * * *\""),
                arguments(
                        policy("schedule: {cron: \"61 2 * * *\"}"),
                        "4:22 policies.gold.schedule.cron: bad minute \"61\"; write 0-59, with *"
                                + " , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"0 2-1 * * *\"}"),
                        "4:22 policies.gold.schedule.cron: bad hour \"2-1\"; write 0-23, with *"
                                + " , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"*/0 2 * * *\"}"),
                        "4:22 policies.gold.schedule.cron: bad minute \"*/0\"; write 0-59, with *"
                                + " , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"0,,5 2 * * *\"}"),
                        "4:22 policies.gold.schedule.cron: bad minute \"0,,5\"; write 0-59, with *"
                                + " , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"0 2 0 * *\"}"),
                        "4:22 policies.gold.schedule.cron: bad day of month \"0\"; write 1-31,"
                                + " with * , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * FUN\"}"),
                        "4:22 policies.gold.schedule.cron: bad day of week \"FUN\"; write 0-7 or"
                                + " SUN-SAT, with * , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"0 2 LW * *\"}"),
                        "4:22 policies.gold.schedule.cron: bad day of month \"LW\"; write L alone"
                            + " for the last day of a month, or 1-31, with * , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * 7#6\"}"),
                        "4:22 policies.gold.schedule.cron: bad day of week \"7#6\"; write SUN#1 for"
                            + " the first Sunday of a month, up to SUN#5, SUNL for the last one,"
                            + " several with commas, or 0-7 or SUN-SAT, with * , - and / as in"
                            + " cron"),
                arguments(
                        policy("schedule: {cron: \"0 2 L * MON\"}"),
                        "4:22 policies.gold.schedule.cron: both \"L\" and \"MON\" choose days;"
                                + " write * for one of them"),
                arguments(
                        policy("schedule: {cron: \"0 2|3 * * *\"}"),
                        "4:22 policies.gold.schedule.cron: bad hour \"2|3\"; write 0-23, with *"
                                + " , - and / as in cron"),
                arguments(
                        policy("schedule: {cron: \"@daily\"}"),
                        "4:22 policies.gold.schedule.cron: \"@daily\" does not have five fields but"
                            + " 1; write the five minute, hour, day of month, month, day of week,"
                            + " as \"0 2 * * *\""),
                arguments(
                        policy("schedule: {cron: \"0 0 30 2 *\"}"),
                        "4:22 policies.gold.schedule.cron: \"0 0 30 2 *\" never fires; write a date"
                                + " that exists"),
                arguments(
                        policy("schedule: {cron: \"* * * * *\"}"),
                        "4:22 policies.gold.schedule.cron: \"* * * * *\" fires more often than"
                                + " every 5 minutes; write */5 or a longer interval as minute"),
                arguments(
                        policy("schedule: {cron: \"58,2 * * * *\"}"),
                        "4:22 policies.gold.schedule.cron: \"58,2 * * * *\" fires more often than"
                                + " every 5 minutes; write */5 or a longer interval as minute"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * *\", zone: Europe/Berlyn}"),
                        "4:41 policies.gold.schedule.zone: unknown zone \"Europe/Berlyn\"; did you"
                                + " mean \"Europe/Berlin\"?"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * *\", zone: Moonbase}"),
                        "4:41 policies.gold.schedule.zone: unknown zone \"Moonbase\"; write one"
                                + " such as Europe/Berlin or UTC"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * *\", spread: 1d}"),
                        "4:43 policies.gold.schedule.spread: not a time limit: \"1d\"; write a"
                                + " number and s, m or h, such as 90s, 30m, 2h"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * *\", spread: 0m}"),
                        "4:43 policies.gold.schedule.spread: impossible duration \"0m\"; write at"
                                + " least 1s and at most 24h"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * *\", spread: 721m}"),
                        "4:43 policies.gold.schedule.spread: impossible spread \"721m\"; write at"
                                + " least 1s and at most 12h"),
                arguments(
                        policy("schedule: {every: 2h, spread: 2h}"),
                        "4:35 policies.gold.schedule.spread: two slots may be only 2h apart, and"
                                + " the images of one must start before the next; write less, such"
                                + " as 1h"),
                arguments(
                        policy("schedule: {cron: \"0 2,3,8 * * *\", spread: 60m}"),
                        "4:47 policies.gold.schedule.spread: two slots may be only 1h apart, and"
                                + " the images of one must start before the next; write less, such"
                                + " as 30m"),
                arguments(
                        policy("schedule: {cron: \"0 0,23 * * *\", spread: 1h}"),
                        "4:46 policies.gold.schedule.spread: two slots may be only 1h apart, and"
                                + " the images of one must start before the next; write less, such"
                                + " as 30m"),
                arguments(
                        policy(
                                "schedule: {cron: \"0 0,6 * * *\", zone: Europe/Berlin, spread:"
                                        + " 5h}"),
                        "4:66 policies.gold.schedule.spread: two slots may be only 5h apart, and"
                                + " the images of one must start before the next; write less, such"
                                + " as 150m"),
                arguments(
                        policy("schedule: {every: 6 hours}"),
                        "4:23 policies.gold.schedule.every: not a duration: \"6 hours\"; write a"
                                + " number and h, d, w or y, such as 48h, 7d, 2w, 1y"),
                arguments(
                        policy("schedule: {every: 0h}"),
                        "4:23 policies.gold.schedule.every: impossible duration \"0h\"; write at"
                                + " least 1h and at most 36500d"),
                arguments(
                        policy("schedule: {every: -6h}"),
                        "4:23 policies.gold.schedule.every: not a duration: \"-6h\"; write a"
                                + " number and h, d, w or y, such as 48h, 7d, 2w, 1y"),
                arguments(
                        policy("schedule: {every: 4m}"),
                        "4:23 policies.gold.schedule.every: \"4m\" may mean minutes or months; for"
                            + " months write days, such as 124d; nothing here can be shorter than"
                            + " 1h"),
                arguments(
                        policy("schedule: {every: 30m}"),
                        "4:23 policies.gold.schedule.every: \"30m\" may mean minutes or months; for"
                            + " months write days, such as 930d; nothing here can be shorter than"
                            + " 1h"),
                arguments(
                        policy("schedule: {every: 999999w}"),
                        "4:23 policies.gold.schedule.every: impossible duration \"999999w\"; write"
                                + " at least 1h and at most 36500d"),
                arguments(
                        policy("schedule: {corn: \"0 2 * * *\"}"),
                        "4:16 policies.gold.schedule.corn: unknown key; write one of cron, every,"
                                + " zone, spread"),
                arguments(
                        policy("schedule: {cron: \"0 2 * * * *\"}"),
                        "4:22 policies.gold.schedule.cron: \"0 2 * * * *\" does not have five"
                            + " fields but 6; write the five minute, hour, day of month, month, day"
                            + " of week, as \"0 2 * * *\""),
                arguments(
                        policy("on: []"),
                        "4:9 policies.gold.on: an empty list; without a schedule nothing is ever"
                            + " imaged; write a schedule, or one of stopped, tagged, requested"),
                arguments(
                        policy("on: [stoped]"),
                        "4:10 policies.gold.on[0]: unknown event \"stoped\"; did you mean"
                                + " \"stopped\"?"),
                arguments(
                        policy("on: [scheduled]"),
                        "4:10 policies.gold.on[0]: unknown event \"scheduled\"; write one of"
                                + " requested, stopped, tagged"),
                arguments(
                        policy("on: {stopped: true}"),
                        "4:9 policies.gold.on: a mapping does not fit here; write a value or a"
                                + " list"),
                arguments(
                        policy("image: {reboot: yes}"),
                        "4:21 policies.gold.image.reboot: neither true nor false: \"yes\"; write"
                                + " one of them"),
                arguments(
                        policy("image: {excludeDevices: [\"sd x\"]}"),
                        "4:30 policies.gold.image.excludeDevices[0]: not a device name: \"sd"
                                + " x\"; write it as on the instance, such as /dev/sdf or xvdf"),
                arguments(
                        policy("image: {excludeVolumes: {backup: \"no\"}}"),
                        "4:30 policies.gold.image.excludeVolumes.backup: unknown key; write one of"
                                + " tags"),
                arguments(
                        policy("image: {excludeVolumes: {}}"),
                        "4:13 policies.gold.image.excludeVolumes.tags: missing; write which tags"
                                + " mark a volume to leave out, as tags: {backup: \"no\"}"),
                arguments(
                        policy("image: {excludeVolumes: {tags: {\"back*\": \"no\"}}}"),
                        "4:37 policies.gold.image.excludeVolumes.tags.back*: wildcards work in"
                                + " values only; write the tag's key in full"),
                arguments(
                        policy("image: {after: {document: Thaw}}"),
                        "4:13 policies.gold.image.after: there is nothing to undo; also write"
                                + " before, as {document: Freeze}"),
                arguments(
                        policy("image: {before: {timeout: 2m}}"),
                        "4:13 policies.gold.image.before.document: missing; write the Systems"
                                + " Manager document to run, such as Freeze"),
                arguments(
                        policy("image: {before: {document: Freeze, onFailure: giveup}}"),
                        "4:51 policies.gold.image.before.onFailure: not possible: \"giveup\"; write"
                                + " image or giveUp"),
                arguments(
                        policy("image: {before: {document: Freeze, timeout: 10s}}"),
                        "4:49 policies.gold.image.before.timeout: impossible time for a"
                                + " command \"10s\"; write at least 30s and at most 1h"),
                arguments(
                        policy("image: {before: {document: Freeze, parameters: {}}}"),
                        "4:52 policies.gold.image.before.parameters: empty; write parameters of the"
                                + " document, as {Level: [\"2\"]}"),
                arguments(
                        policy("image: {before: {document: Freeze, parameters: [Level]}}"),
                        "4:52 policies.gold.image.before.parameters: a list does not fit here;"
                                + " write parameters of the document, as {Level: [\"2\"]}"),
                arguments(
                        policy("image: {before: {document: Freeze, parameters: {Level: []}}}"),
                        "4:60 policies.gold.image.before.parameters.Level: an empty list; write a"
                                + " value, or several"),
                arguments(
                        policy("image: {before: {document: Freeze, parameters: {\"\": [x]}}}"),
                        "4:53 policies.gold.image.before.parameters.: a parameter needs a name;"
                                + " write one of the document's, such as Level"),
                arguments(
                        policy(
                                "image: {before: {document: Freeze}, after: {document: Thaw,"
                                        + " parameter: {Level: 2}}}"),
                        "4:65 policies.gold.image.after.parameter: unknown key; did you mean"
                                + " \"parameters\"?"),
                arguments(
                        policy("image: {copyTags: [\"\"]}"),
                        "4:24 policies.gold.image.copyTags[0]: a tag's key has 1 to 127 characters,"
                                + " not 0"),
                arguments(
                        policy("keep:"),
                        "4:10 policies.gold.keep: nothing is written here; write a mapping with"
                                + " keys of last, hourly, daily, weekly, monthly, yearly, within,"
                                + " atLeast, goneAfter"),
                arguments(
                        policy("keep: {goneAfter: 90d}"),
                        "4:5 policies.gold.keep: no rule keeps anything; write one, as {daily: 7},"
                                + " or leave keep out to remove nothing"),
                arguments(
                        policy("keep: {daily: 7, goneAfter: 3m}"),
                        "4:33 policies.gold.keep.goneAfter: \"3m\" may mean minutes or months; for"
                            + " months write days, such as 93d; nothing here can be shorter than"
                            + " 1h"),
                arguments(
                        policy("keep: {}"),
                        "4:5 policies.gold.keep: no rule keeps anything; write one, as {daily: 7},"
                                + " or leave keep out to remove nothing"),
                arguments(
                        policy("keep: {daily: 0, atLeast: 2}"),
                        "4:5 policies.gold.keep: no rule keeps anything; write one, as {daily: 7},"
                                + " or leave keep out to remove nothing"),
                arguments(
                        policy("keep: {dialy: 7}"),
                        "4:12 policies.gold.keep.dialy: unknown key; did you mean \"daily\"?"),
                arguments(
                        policy("keep: {daily: -7}"),
                        "4:19 policies.gold.keep.daily: not possible: \"-7\"; write a whole number,"
                                + " 0 or more"),
                arguments(
                        policy("keep: {daily: 1.5}"),
                        "4:19 policies.gold.keep.daily: not possible: \"1.5\"; write a whole"
                                + " number, 0 or more"),
                arguments(
                        policy("keep: {daily: seven}"),
                        "4:19 policies.gold.keep.daily: not possible: \"seven\"; write a whole"
                                + " number, 0 or more"),
                arguments(
                        policy("keep: {daily: }"),
                        "4:18 policies.gold.keep.daily: nothing is written here; write a single"
                                + " value"),
                arguments(
                        policy("keep: {within: 48}"),
                        "4:20 policies.gold.keep.within: not a duration: \"48\"; write a number"
                                + " and h, d, w or y, such as 48h, 7d, 2w, 1y"),
                arguments(
                        policy("keep: {within: 7m}"),
                        "4:20 policies.gold.keep.within: \"7m\" may mean minutes or months; for"
                            + " months write days, such as 217d; nothing here can be shorter than"
                            + " 1h"),
                arguments(
                        policy("keep: {within: 2y5m7d}"),
                        "4:20 policies.gold.keep.within: not a duration: \"2y5m7d\"; write a"
                                + " number and h, d, w or y, such as 48h, 7d, 2w, 1y"),
                arguments(
                        policy("keep: {within: 7M}"),
                        "4:20 policies.gold.keep.within: not a duration: \"7M\"; write a number"
                                + " and h, d, w or y, such as 48h, 7d, 2w, 1y"),
                arguments(
                        policy("replicate: {us-west-2: {keep: {within: 3m}}}"),
                        "4:44 policies.gold.replicate.us-west-2.keep.within: \"3m\" may mean"
                            + " minutes or months; for months write days, such as 93d; nothing here"
                            + " can be shorter than 1h"),
                arguments(
                        policy("retire: {deprecateAfter: 6m, disableFor: 1m}"),
                        "4:30 policies.gold.retire.deprecateAfter: \"6m\" may mean minutes or"
                            + " months; for months write days, such as 186d; nothing here can be"
                            + " shorter than 1h\n"
                            + "policies.yaml:4:46 policies.gold.retire.disableFor: \"1m\" may mean"
                            + " minutes or months; for months write days, such as 31d; nothing here"
                            + " can be shorter than 1h"),
                arguments(
                        policy("retire: {deprecateAfter: 4000d}"),
                        "4:30 policies.gold.retire.deprecateAfter: EC2 deprecates an image at most"
                                + " ten years ahead; write at most 3650d, not \"4000d\""),
                arguments(
                        policy("store: {bucket: archive, after: 6m}"),
                        "4:37 policies.gold.store.after: \"6m\" may mean minutes or months; for"
                            + " months write days, such as 186d; nothing here can be shorter than"
                            + " 1h"),
                arguments(
                        drilling("every: 1m"),
                        "4:20 policies.gold.drill.every: \"1m\" may mean minutes or months; for"
                            + " months write days, such as 31d; nothing here can be shorter than"
                            + " 1h"),
                arguments(
                        drilling("every: 7d, timeout: 2d"),
                        "4:33 policies.gold.drill.timeout: not a time limit: \"2d\"; write a"
                                + " number and s, m or h, such as 90s, 30m, 2h"),
                arguments(
                        drilling("every: 7d, timeout: 0m"),
                        "4:33 policies.gold.drill.timeout: impossible duration \"0m\"; write at"
                                + " least 1s and at most 24h"),
                arguments(
                        policy("keep: {daily: 7, daily: 8}"),
                        "4:22 policies.gold.keep.daily: written twice, first on line 4; keep one of"
                                + " them"),
                arguments(
                        policy("replicate: [us-west-2]"),
                        "4:16 policies.gold.replicate: a list does not fit here; write DR Regions,"
                                + " as {us-west-2: {}}"),
                arguments(
                        policy("replicate: {us-east-1: {}}"),
                        "4:17 policies.gold.replicate.us-east-1: the images are made in this"
                                + " Region; name another one"),
                arguments(
                        policy("replicate: {us-west2: {}}"),
                        "4:17 policies.gold.replicate.us-west2: unknown Region \"us-west2\"; did"
                                + " you mean \"us-west-2\"?"),
                arguments(
                        policy("replicate: {us-west-2: {kmskey: alias/dr}}"),
                        "4:29 policies.gold.replicate.us-west-2.kmskey: unknown key; did you mean"
                                + " \"kmsKey\"?"),
                arguments(
                        policy("replicate: {us-west-2: {kmsKey: dr}}"),
                        "4:37 policies.gold.replicate.us-west-2.kmsKey: not a KMS key: \"dr\";"
                                + " write its alias, such as alias/dr, its id or its ARN"),
                arguments(
                        policy(
                                "replicate: {us-west-2: {kmsKey:"
                                        + " \"arn:aws:kms:us-east-1:111122223333:alias/dr\"}}"),
                        "4:37 policies.gold.replicate.us-west-2.kmsKey: this key is in us-east-1;"
                                + " copies in us-west-2 need a key there"),
                arguments(
                        policy("replicate: {us-west-2: {keep: {}}}"),
                        "4:29 policies.gold.replicate.us-west-2.keep: no rule keeps anything; write"
                                + " one, as {daily: 7}, or leave keep out to remove nothing"),
                arguments(
                        policy(
                                "replicate: {us-west-2: {kmsKey: alias/aws/ebs}}\n"
                                        + "share: {accounts: [\"111122223333\"]}"),
                        "4:37 policies.gold.replicate.us-west-2.kmsKey: images encrypted with AWS's"
                                + " default key cannot be shared; write a key of your own that the"
                                + " others may use, such as alias/dr, or leave share out"),
                arguments(
                        policy(
                                "share: {accounts: [\"111122223333\"]}\nreplicate: {us-west-2:"
                                        + " {kmsKey: \"arn:aws:kms:us-west-2:111122223333:alias/aws"
                                        + "/ebs\"}}"),
                        "5:37 policies.gold.replicate.us-west-2.kmsKey: images encrypted with AWS's"
                                + " default key cannot be shared; write a key of your own that the"
                                + " others may use, such as alias/dr, or leave share out"),
                arguments(
                        policy("formerly: [Old, gold]"),
                        "4:16 policies.gold.formerly[0]: bad policy name; write a letter a-z, then"
                            + " up to 39 of a-z, 0-9 and -\n"
                            + "policies.yaml:4:21 policies.gold.formerly[1]: \"gold\" is a policy"
                            + " in this file; write only names that are no longer policies"),
                arguments(
                        policy("formerly: [silver, silver]"),
                        "4:24 policies.gold.formerly[1]: \"silver\" is already listed under"
                                + " policy gold; its images can belong to only one policy"),
                arguments(
                        policy("formerly: silver")
                                + "  silver:\n    select: {tags: {backup: silver}}\n",
                        "4:15 policies.gold.formerly: \"silver\" is a policy in this file; write"
                                + " only names that are no longer policies"),
                arguments(
                        policy("formerly: [bronze]")
                                + "  silver: {select: {tags: {a: b}}, formerly: [bronze]}\n",
                        "5:47 policies.silver.formerly[0]: \"bronze\" is already listed under"
                                + " policy gold; its images can belong to only one policy"),
                arguments(
                        policy("formerRegions: remove"),
                        "4:20 policies.gold.formerRegions: neither keep nor prune: \"remove\";"
                                + " write one of them"),
                arguments(
                        policy("share: {snapshots: true}"),
                        "4:13 policies.gold.share.snapshots: names nobody who could copy an"
                                + " image; add accounts: [\"111122223333\"]"),
                arguments(
                        policy(
                                "share: {snapshots: true, organizations:"
                                        + " [\"arn:aws:organizations::111122223333:organization"
                                        + "/o-exampleorg1\"]}"),
                        "4:13 policies.gold.share.snapshots: EC2 shares snapshots with accounts"
                                + " only, not with organizations or their units; name those"
                                + " accounts under accounts instead, or leave snapshots out"),
                arguments(
                        policy("share: {accounts: [\"111122223333\"], snapshots: yes}"),
                        "4:52 policies.gold.share.snapshots: neither true nor false: \"yes\";"
                                + " write one of them"),
                arguments(
                        policy("share: {accounts: [1111-2222-3333]}"),
                        "4:24 policies.gold.share.accounts[0]: not an account id:"
                                + " \"1111-2222-3333\"; write its 12 digits"),
                arguments(
                        policy("share: {accounts: [" + "111122223333, ".repeat(1001) + "]}"),
                        "4:5 policies.gold.share: 1001 are too many; EC2 shares an image with at"
                                + " most 1000, so name organizations"),
                arguments(
                        """
                        orders: {shareWith: [all, o-1, "111122223333"], with: x}
                        policies: {gold: {select: {tags: {a: b}}}}
                        """,
                        "1:22 orders.shareWith[0]: not an account id: \"all\"; write its 12"
                                + " digits\n"
                                + "policies.yaml:1:27 orders.shareWith[1]: not an account id:"
                                + " \"o-1\"; write its 12 digits\n"
                                + "policies.yaml:1:49 orders.with: unknown key; write one of"
                                + " shareWith"),
                arguments(
                        """
                        orders: ["111122223333"]
                        policies: {gold: {select: {tags: {a: b}}}}
                        """,
                        "1:9 orders: a list does not fit here; write a mapping with keys of"
                                + " shareWith"),
                arguments(
                        policy("share: {organizations: [o-exampleorg1]}"),
                        "4:29 policies.gold.share.organizations[0]: not an organization:"
                            + " \"o-exampleorg1\"; write its ARN, as"
                            + " arn:aws:organizations::111122223333:organization/o-exampleorg1"),
                arguments(
                        policy("share: {organizationalUnits: [ou-ab12-11111111]}"),
                        "4:35 policies.gold.share.organizationalUnits[0]: not an organizational"
                            + " unit: \"ou-ab12-11111111\"; write its ARN, as"
                            + " arn:aws:organizations::111122223333:ou/o-exampleorg1/ou-ab12-11111111"),
                arguments(
                        policy("retire: {disableFor: 3}"),
                        "4:26 policies.gold.retire.disableFor: not a duration: \"3\"; write a"
                                + " number and h, d, w or y, such as 48h, 7d, 2w, 1y"),
                arguments(
                        policy("limits: {maxRemovePercent: 0}"),
                        "4:32 policies.gold.limits.maxRemovePercent: not possible: \"0\"; write a"
                                + " whole number from 1 to 100"),
                arguments(
                        policy("limits: {maxRemovePercent: 101}"),
                        "4:32 policies.gold.limits.maxRemovePercent: not possible: \"101\"; write a"
                                + " whole number from 1 to 100"),
                arguments(
                        policy("limits: {maxRemovePercent: 25%}"),
                        "4:32 policies.gold.limits.maxRemovePercent: not possible: \"25%\"; write a"
                                + " whole number from 1 to 100"),
                arguments(
                        policy("limits: {maxRemoveCount: 0}"),
                        "4:30 policies.gold.limits.maxRemoveCount: not possible: \"0\"; write a"
                                + " whole number, 1 or more"));
    }

    @Test
    void saysEverythingAtOnceInTheOrderOfTheFile() {
        assertThatThrownBy(() ->
                        parse(
                                """
                                policies:
                                  gold:
                                    limits: {maxRemovePercent: 0}
                                    select: {tags: {}}
                                  Silver:
                                    keep: {dialy: 7}
                                """))
                .hasMessage(
"""
policies.yaml:3:32 policies.gold.limits.maxRemovePercent: not possible: "0"; write a whole number from 1 to 100
policies.yaml:4:20 policies.gold.select.tags: empty; write tags to select by, as {backup: gold}; otherwise every instance would be imaged
policies.yaml:5:3 policies.Silver: bad policy name; write a letter a-z, then up to 39 of a-z, 0-9 and -
policies.yaml:5:3 policies.Silver.select: missing; write which tags an instance must have, as tags: {backup: gold}
policies.yaml:6:12 policies.Silver.keep.dialy: unknown key; did you mean "daily"?\
""");
    }

    private static String selecting(String keys) {
        return "policies:\n  gold:\n    select:\n      tags: {backup: gold}\n" + keys.indent(6);
    }

    private static String policy(String keys) {
        return "policies:\n  gold:\n    select: {tags: {backup: gold}}\n" + keys.indent(4);
    }

    private static String drilling(String keys) {
        return policy(
                "drill: {%s, region: us-east-1, subnet: subnet-1, securityGroups: [sg-1]}"
                        .formatted(keys));
    }

    private static void parse(String yaml) {
        Policies.parse(
                yaml,
                "policies.yaml",
                HOME,
                Set.of(HOME, new Region("us-west-2"), new Region("eu-west-1")));
    }
}
