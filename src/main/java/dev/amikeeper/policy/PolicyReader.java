package dev.amikeeper.policy;

import dev.amikeeper.image.Region;
import dev.amikeeper.image.ServerCommand;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Place.MappingFields;
import dev.amikeeper.policy.Policy.Around;
import dev.amikeeper.policy.Policy.Drill;
import dev.amikeeper.policy.Policy.Imaging;
import dev.amikeeper.policy.Policy.Limits;
import dev.amikeeper.policy.Policy.Replica;
import dev.amikeeper.policy.Policy.Retire;
import dev.amikeeper.policy.Policy.ShareRules;
import dev.amikeeper.policy.Policy.StoreRules;
import dev.amikeeper.policy.Policy.UserData;

import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Builds the records of a policy file. A wrong value is noted as a problem and read as something
 * harmless, because nothing of a file with a problem is ever used. Each section of the file has one
 * method, in the file's order.
 */
final class PolicyReader {
    private static final String SELECT_SOME =
            "write which tags an instance must have, as tags: {backup: gold}";

    /** The most launch permissions that EC2 allows on one image. */
    private static final int MAX_SHARES = 1000;

    /**
     * The most DR Regions of a policy. An image's copies are recorded in one transaction, which
     * holds 100 items.
     */
    private static final int MAX_DESTINATIONS = 30;

    private static final String A_DOCUMENT =
            "write the Systems Manager document to run, such as Freeze";

    private static final Duration COMMAND_TIME = Duration.ofMinutes(2);

    private final Region home;
    private final Set<Region> known;

    /** For each name that images may have, the policy that the images belong to. */
    private final Map<String, String> claimed = new HashMap<>();

    PolicyReader(Region home, Set<Region> known) {
        this.home = home;
        this.known = known;
    }

    /** Reads all policies, in the order of the file, and the rest of the file. */
    Policies policies(Place root) {
        MappingFields fields = root.fields("policies", "orders");
        Optional<Place> policies = fields.find("policies");
        if (policies.isEmpty()) {
            root.missing("policies", "write a policy below it, as gold: {…}");
        }
        Map<String, Place> entries =
                policies.map(place -> place.someEntries("a policy by its name, as gold: {…}"))
                        .orElse(Map.of());
        entries.keySet().forEach(name -> claimed.put(name, name));
        return new Policies(
                entries.entrySet().stream()
                        .map(entry -> policy(entry.getKey(), entry.getValue()))
                        .toList(),
                fields.below("orders", "shareWith").readAll("shareWith", Values::shareWith),
                List.of());
    }

    private Policy policy(String name, Place place) {
        place.readKey(name, Values::policyName);
        MappingFields fields =
                place.fields(
                        "select",
                        "schedule",
                        "on",
                        "image",
                        "keep",
                        "replicate",
                        "formerRegions",
                        "share",
                        "retire",
                        "protect",
                        "limits",
                        "drill",
                        "store",
                        "formerly");
        if (fields.find("select").isEmpty()) {
            place.missing("select", SELECT_SOME);
        }
        Selector select =
                fields.find("select")
                        .map(this::select)
                        .orElse(new Selector(Map.of(), Map.of(), Set.of(), List.of()));
        MappingFields when =
                fields.find("schedule").map(PolicyReader::when).orElse(MappingFields.NONE);
        ZoneId zone = when.read("zone", Values::zone).orElse(ZoneOffset.UTC);
        ShareRules share = share(fields);
        return new Policy(
                name,
                select,
                schedule(when, zone),
                on(fields),
                imaging(
                        fields.below(
                                "image",
                                "reboot",
                                "excludeDevices",
                                "excludeVolumes",
                                "copyTags",
                                "userData",
                                "before",
                                "after")),
                fields.find("keep").map(keep -> keep(keep, zone)),
                replicate(fields, select.regions(), zone, !share.isEmpty()),
                share,
                retire(fields.below("retire", "deprecateAfter", "disableFor")),
                fields.read("protect", Values::bool).orElse(false),
                limits(fields.below("limits", "maxRemovePercent", "maxRemoveCount")),
                fields.find("drill").flatMap(drill -> drill(drill, fields, select.regions())),
                fields.find("store").flatMap(store -> store(store, select.regions())),
                fields.read("formerRegions", Values::formerRegions).orElse(false),
                fields.readAll("formerly", text -> formerName(text, name)));
    }

    /**
     * Rejects a former name that two policies claim: only one policy's rules can apply to an image.
     */
    private String formerName(String text, String policy) {
        String former = Values.policyName(text);
        String by = claimed.putIfAbsent(former, policy);
        if (by == null) {
            return former;
        }
        throw new IllegalArgumentException(
                by.equals(former)
                        ? Texts.quoted(former)
                                + " is a policy in this file; write only names that are no longer"
                                + " policies"
                        : "%s is already listed under policy %s; its images can belong to only one policy"
                                .formatted(Texts.quoted(former), by));
    }

    private Selector select(Place place) {
        MappingFields fields = place.fields("tags", "except", "states", "regions");
        if (fields.find("tags").isEmpty()) {
            place.missing("tags", SELECT_SOME);
        }
        Map<String, Place> tags =
                fields.find("tags")
                        .map(some ->
                                some.someEntries(
                                        "tags to select by, as {backup: gold}; otherwise every"
                                                + " instance would be imaged"))
                        .orElse(Map.of());
        Map<String, Place> except =
                fields.find("except")
                        .map(some -> some.entries("the tags to leave out, as {environment: test}"))
                        .orElse(Map.of());
        List<String> states =
                fields.find("states")
                        .map(some -> some.readSome(Values::state, "write running or stopped"))
                        .orElse(Values.STATES);
        List<Region> regions =
                fields.find("regions")
                        .map(some -> some.readSome(this::region, "write a Region such as " + home))
                        .orElse(List.of(home));
        return new Selector(
                patterns(tags),
                patterns(except),
                Set.copyOf(states),
                regions.stream().distinct().toList());
    }

    private static Map<String, List<String>> patterns(Map<String, Place> tags) {
        Map<String, List<String>> patterns = new LinkedHashMap<>();
        tags.forEach((key, place) -> {
            place.readKey(key, Values::tagKey);
            patterns.put(
                    key, place.readSome(Values::tagPattern, "write a value, or \"*\" for any"));
        });
        return patterns;
    }

    private Region region(String name) {
        return Values.region(name, known);
    }

    private static MappingFields when(Place place) {
        MappingFields fields = place.fields("cron", "every", "zone", "spread");
        boolean cron = fields.find("cron").isPresent();
        boolean every = fields.find("every").isPresent();
        if (cron && every) {
            place.wrongKey("has both cron and every; keep one of them");
        } else if (!cron && !every && fields.sound()) {
            place.wrongKey(
                    "has neither cron nor every; write {cron: \"0 2 * * *\"} or {every: 6h}");
        }
        return fields;
    }

    private static Optional<Schedule> schedule(MappingFields when, ZoneId zone) {
        Optional<CronSchedule> cron = when.read("cron", text -> new CronSchedule(text, zone));
        cron.flatMap(CronSchedule::hint)
                .ifPresent(hint -> when.find("cron").ifPresent(place -> place.hint(hint)));
        Optional<Schedule> every = when.read("every", text -> new EverySchedule(Values.span(text)));
        Optional<Duration> spread = when.read("spread", Values::spread);
        return cron.<Schedule>map(it -> it).or(() -> every).map(it -> spread(it, spread, when));
    }

    private static Schedule spread(
            Schedule schedule, Optional<Duration> spread, MappingFields when) {
        if (spread.isEmpty()) {
            return schedule;
        }
        Place place = when.find("spread").orElseThrow();
        Duration gap = schedule.shortestGap();
        if (spread.get().compareTo(gap) >= 0) {
            place.wrong(
                    "two slots may be only %s apart, and the images of one must start before the next; write less, such as %s"
                            .formatted(Values.text(gap), Values.text(gap.dividedBy(2))));
        } else if (spread.get().compareTo(Schedule.TICK.multipliedBy(2)) < 0) {
            place.hint(
                    "images start in groups, one every 5 minutes, so this makes two or three of"
                            + " them; write 10m or more");
        }
        return new SpreadSchedule(schedule, spread.get());
    }

    private static Set<Trigger> on(MappingFields policy) {
        Optional<Place> on = policy.find("on");
        if (on.isEmpty()) {
            return Set.of(Trigger.TAGGED, Trigger.REQUESTED);
        }
        if (policy.find("schedule").isPresent()) {
            return Set.copyOf(on.get().readAll(Values::event));
        }
        return Set.copyOf(
                on.get()
                        .readSome(
                                Values::event,
                                "without a schedule nothing is ever imaged; write a schedule, or "
                                        + "one of stopped, tagged, requested"));
    }

    private static Imaging imaging(MappingFields fields) {
        return new Imaging(
                fields.read("reboot", Values::bool).orElse(false),
                fields.readAll("excludeDevices", Values::device),
                fields.find("excludeVolumes").map(PolicyReader::volumes).orElse(Map.of()),
                fields.find("copyTags").isPresent()
                        ? fields.readAll("copyTags", Values::tagKeyPattern)
                        : List.of("*"),
                fields.read("userData", Values::userData).orElse(UserData.HASH),
                around(fields));
    }

    private static Optional<Around> around(MappingFields image) {
        Optional<Place> before = image.find("before");
        Optional<Place> after = image.find("after");
        if (before.isEmpty()) {
            after.ifPresent(place ->
                    place.wrongKey(
                            "there is nothing to undo; also write before, as {document: Freeze}"));
            return Optional.empty();
        }
        MappingFields first = before.get().fields("document", "parameters", "timeout", "onFailure");
        MappingFields second = image.below("after", "document", "parameters", "timeout");
        needed(before.get(), first, "document", A_DOCUMENT);
        after.ifPresent(place -> needed(place, second, "document", A_DOCUMENT));
        boolean orNoImage = first.read("onFailure", Values::orNoImage).orElse(false);
        Optional<ServerCommand> then = command(second);
        return command(first).map(it -> new Around(it, orNoImage, then));
    }

    private static Optional<ServerCommand> command(MappingFields fields) {
        Optional<String> document = fields.read("document", Values::document);
        Duration within = fields.read("timeout", Values::commandTime).orElse(COMMAND_TIME);
        Map<String, List<String>> parameters =
                fields.find("parameters").map(PolicyReader::parameters).orElse(Map.of());
        return document.map(name -> new ServerCommand(name, parameters, within));
    }

    /**
     * Only the document knows its parameters and their values, so the names are not checked here.
     */
    private static Map<String, List<String>> parameters(Place place) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        place.someEntries("parameters of the document, as {Level: [\"2\"]}")
                .forEach((name, values) -> {
                    values.readKey(name, Values::parameter);
                    parameters.put(
                            name,
                            values.readSome(Values::parameterValue, "write a value, or several"));
                });
        return parameters;
    }

    private static Map<String, List<String>> volumes(Place place) {
        String some = "write which tags mark a volume to leave out, as tags: {backup: \"no\"}";
        MappingFields fields = place.fields("tags");
        if (fields.find("tags").isEmpty() && fields.sound()) {
            place.missing("tags", some);
        }
        return fields.find("tags")
                .map(tags -> patterns(tags.someEntries("the tags of volumes, as {backup: \"no\"}")))
                .orElse(Map.of());
    }

    private static Keep keep(Place place, ZoneId zone) {
        List<String> rules = new ArrayList<>(List.of("last"));
        for (Period period : Period.values()) {
            rules.add(period.word());
        }
        rules.addAll(List.of("within", "atLeast", "goneAfter"));
        MappingFields fields = place.fields(rules.toArray(String[]::new));
        int last = count(fields, "last");
        Map<Period, Integer> periods = new EnumMap<>(Period.class);
        for (Period period : Period.values()) {
            periods.put(period, count(fields, period.word()));
        }
        Keep keep =
                new Keep(
                        last,
                        periods,
                        fields.read("within", Values::span),
                        fields.read("atLeast", Values::count).orElse(1),
                        zone,
                        fields.read("goneAfter", Values::span));
        if (keep.isEmpty() && fields.find("within").isEmpty() && fields.sound()) {
            place.wrongKey(
                    "no rule keeps anything; write one, as {daily: 7}, or leave keep out to remove"
                            + " nothing");
        }
        return keep;
    }

    /** A wrong count reads as 1, so that the rule is not also reported as missing. */
    private static int count(MappingFields keep, String rule) {
        return keep.find(rule).map(place -> place.read(Values::count).orElse(1)).orElse(0);
    }

    private Map<Region, Replica> replicate(
            MappingFields policy, List<Region> homes, ZoneId zone, boolean shared) {
        Map<String, Place> entries =
                policy.find("replicate")
                        .map(place -> place.entries("DR Regions, as {us-west-2: {}}"))
                        .orElse(Map.of());
        if (entries.size() > MAX_DESTINATIONS) {
            policy.find("replicate")
                    .ifPresent(place ->
                            place.wrongKey(
                                    entries.size()
                                            + " are too many; name at most "
                                            + MAX_DESTINATIONS
                                            + " DR Regions"));
        }
        Map<Region, Replica> replicas = new LinkedHashMap<>();
        entries.forEach((name, place) -> {
            Replica replica = replica(place, name, zone, shared);
            place.readKey(name, to -> destination(to, homes))
                    .ifPresent(region -> replicas.put(region, replica));
        });
        return replicas;
    }

    private Region destination(String name, List<Region> homes) {
        Region region = region(name);
        if (homes.equals(List.of(region))) {
            throw new IllegalArgumentException(
                    "the images are made in this Region; name another one");
        }
        return region;
    }

    private static Replica replica(Place place, String region, ZoneId zone, boolean shared) {
        MappingFields fields = place.isNull() ? MappingFields.NONE : place.fields("kmsKey", "keep");
        return new Replica(
                fields.read("kmsKey", text -> Values.kmsKey(text, region, shared)),
                fields.find("keep").map(keep -> keep(keep, zone)));
    }

    private static ShareRules share(MappingFields policy) {
        MappingFields fields =
                policy.below(
                        "share", "accounts", "organizations", "organizationalUnits", "snapshots");
        ShareRules share =
                new ShareRules(
                        fields.readAll("accounts", Values::account),
                        fields.readAll("organizations", Values::organization),
                        fields.readAll("organizationalUnits", Values::organizationalUnit),
                        fields.read("snapshots", Values::bool).orElse(false));
        if (share.snapshots()) {
            fields.find("snapshots").ifPresent(place -> copiable(place, fields, share));
        }
        int all =
                share.accounts().size()
                        + share.organizations().size()
                        + share.organizationalUnits().size();
        if (all > MAX_SHARES) {
            policy.find("share")
                    .ifPresent(place ->
                            place.wrongKey(
                                    all
                                            + " are too many; EC2 shares an image with at most "
                                            + MAX_SHARES
                                            + ", so name organizations"));
        }
        return share;
    }

    /** EC2 gives the permission to create volumes only to accounts, or to everybody. */
    private static void copiable(Place snapshots, MappingFields fields, ShareRules share) {
        if (!share.organizations().isEmpty() || !share.organizationalUnits().isEmpty()) {
            snapshots.wrongKey(
                    "EC2 shares snapshots with accounts only, not with organizations or their"
                            + " units; name those accounts under accounts instead, or leave"
                            + " snapshots out");
        } else if (share.accounts().isEmpty() && fields.find("accounts").isEmpty()) {
            snapshots.wrongKey(
                    "names nobody who could copy an image; add accounts: [\"111122223333\"]");
        }
    }

    private static Retire retire(MappingFields fields) {
        return new Retire(
                fields.read("deprecateAfter", Values::deprecation),
                fields.read("disableFor", Values::span));
    }

    /** Empty if something is missing, which is noted. */
    private Optional<Drill> drill(Place place, MappingFields policy, List<Region> homes) {
        MappingFields fields =
                place.fields(
                        "every",
                        "instances",
                        "region",
                        "subnet",
                        "securityGroups",
                        "type",
                        "checks",
                        "timeout",
                        "budget");
        needed(place, fields, "every", "write how often, such as 7d");
        needed(place, fields, "region", "write where, such as us-west-2");
        needed(place, fields, "subnet", "write an isolated subnet there, such as subnet-0abc");
        needed(
                place,
                fields,
                "securityGroups",
                "write those of the subnet's VPC, such as [sg-0abc]");
        List<String> groups =
                fields.find("securityGroups")
                        .map(some ->
                                some.readSome(
                                        Values::securityGroup, "write one, such as [sg-0abc]"))
                        .orElse(List.of());
        Optional<Region> region =
                fields.read("region", name -> hasImages(region(name), policy, homes));
        Optional<Duration> every = fields.read("every", Values::span);
        Optional<String> subnet = fields.read("subnet", Values::subnet);
        int instances = fields.read("instances", Values::positive).orElse(1);
        Optional<String> type = fields.read("type", Values::instanceType);
        Optional<String> command = fields.find("checks").flatMap(PolicyReader::command);
        Duration timeout = fields.read("timeout", Values::work).orElse(Duration.ofMinutes(30));
        Optional<Integer> budget = fields.read("budget", Values::positive);
        if (every.isEmpty() || region.isEmpty() || subnet.isEmpty() || groups.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new Drill(
                        every.get(),
                        instances,
                        region.get(),
                        subnet.get(),
                        groups,
                        type,
                        command,
                        timeout,
                        budget));
    }

    /** Empty if something is missing, which is noted. */
    private static Optional<StoreRules> store(Place place, List<Region> homes) {
        MappingFields fields = place.fields("bucket", "after");
        needed(place, fields, "bucket", "write its name, such as \"ami-archive-{region}\"");
        needed(place, fields, "after", "write how old an image must be, such as 30d");
        Optional<String> bucket = fields.read("bucket", name -> Values.bucket(name, homes));
        Optional<Duration> after = fields.read("after", Values::span);
        return bucket.flatMap(name -> after.map(age -> new StoreRules(name, age)));
    }

    private static void needed(Place place, MappingFields fields, String name, String remedy) {
        if (fields.find(name).isEmpty()) {
            place.missing(name, remedy);
        }
    }

    private static Region hasImages(Region region, MappingFields policy, List<Region> homes) {
        boolean replicated =
                policy.find("replicate")
                        .map(place -> place.entries("DR Regions").containsKey(region.name()))
                        .orElse(false);
        if (!replicated && !homes.contains(region)) {
            throw new IllegalArgumentException(
                    "the policy has no images there; name a Region of replicate or select.regions");
        }
        return region;
    }

    /** The status checks always run; the command, if any, is listed beside them. */
    private static Optional<String> command(Place checks) {
        Optional<String> command = Optional.empty();
        for (Place check : checks.items()) {
            if (check.isMapping()) {
                command =
                        check.fields("ssm")
                                .below("ssm", "document")
                                .read("document", Values::document);
            } else {
                check.read(Values::check);
            }
        }
        return command;
    }

    private static Limits limits(MappingFields fields) {
        return new Limits(
                fields.read("maxRemovePercent", Values::percent),
                fields.read("maxRemoveCount", Values::positive));
    }
}
