package dev.amikeeper.simulation;

import dev.amikeeper.image.Sha256;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.SimulatedNetworks;
import dev.amikeeper.policy.Period;

import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A policy of a simulation: its text in the policy file, and its meaning, coded again in a plain
 * way so that it can judge the real one.
 *
 * @param name also the value of the tag {@code backup} that it selects
 * @param every hours between slots; 0 for one slot a day at {@code time} in {@code zone}
 * @param replicate what each DR Region keeps; empty for the same as at home
 * @param encrypted whether copies are encrypted with a key of their own
 * @param disableFor days of that stage; 0 leaves it out
 * @param drill how restoring is tried
 * @param freeze the commands around images
 * @param spread hours over which the images of a slot start
 */
public record PolicyModel(
        String name,
        List<String> regions,
        int every,
        LocalTime time,
        String zone,
        boolean stopped,
        Optional<Keeping> keep,
        SortedMap<String, Optional<Keeping>> replicate,
        boolean encrypted,
        boolean shared,
        int disableFor,
        boolean protect,
        int maxRemoveCount,
        Optional<Drilling> drill,
        Optional<Freezing> freeze,
        int spread) {
    /** The key of encrypted copies. */
    static final String KEY = "alias/dr";

    private static final SimulatedCloud ANY = new SimulatedCloud(Instant.EPOCH, 1);

    public PolicyModel {
        regions = List.copyOf(regions);
        replicate = Collections.unmodifiableSortedMap(new TreeMap<>(replicate));
    }

    /**
     * Retention.
     *
     * @param periods of how many periods of each kind an image stays
     * @param withinHours 0 leaves the rule out, as it does for {@code last}
     */
    public record Keeping(int last, Map<Period, Integer> periods, int withinHours, int atLeast) {
        String yaml() {
            List<String> rules = new ArrayList<>();
            if (last > 0) {
                rules.add("last: " + last);
            }
            for (Period period : Period.values()) {
                if (periods.containsKey(period)) {
                    rules.add(period.word() + ": " + periods.get(period));
                }
            }
            if (withinHours > 0) {
                rules.add("within: " + withinHours + "h");
            }
            rules.add("atLeast: " + atLeast);
            return "{" + String.join(", ", rules) + "}";
        }
    }

    /** Drills in a Region every {@code every} hours. */
    public record Drilling(int every, int instances, String region) {
        String yaml() {
            return "{every: %dh, instances: %d, region: %s, subnet: %s, securityGroups: [%s]}"
                    .formatted(every, instances, region, subnet(region), group(region));
        }
    }

    /** A command before images, and perhaps one after. */
    public record Freezing(int minutes, boolean giveUp, boolean thaws) {
        /** The documents. */
        static final String BEFORE = "Freeze";

        static final String AFTER = "Thaw";

        String yaml() {
            return "{before: {document: %s, timeout: %dm, onFailure: %s}%s}"
                    .formatted(
                            BEFORE,
                            minutes,
                            giveUp ? "giveUp" : "image",
                            thaws ? ", after: {document: " + AFTER + "}" : "");
        }
    }

    /** A subnet of a Region's default VPC, in every simulated cloud. */
    static String subnet(String region) {
        return ANY.networks(region).defaultSubnet(region + "a");
    }

    /** The security group of a Region's default VPC, in every simulated cloud. */
    static String group(String region) {
        SimulatedNetworks networks = ANY.networks(region);
        return networks.defaultGroup(networks.defaultVpc());
    }

    /** The same policy with some fields changed. */
    PolicyModel changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new PolicyModel(
                name,
                regions,
                every,
                time,
                zone,
                draft.stopped,
                draft.keep,
                draft.replicate,
                draft.encrypted,
                draft.shared,
                draft.disableFor,
                draft.protect,
                draft.maxRemoveCount,
                draft.drill,
                draft.freeze,
                draft.spread);
    }

    /** The fields of a policy that can be changed. */
    static final class Draft {
        boolean stopped;
        Optional<Keeping> keep;
        final SortedMap<String, Optional<Keeping>> replicate;
        boolean encrypted;
        boolean shared;
        int disableFor;
        boolean protect;
        int maxRemoveCount;
        Optional<Drilling> drill;
        Optional<Freezing> freeze;
        int spread;

        private Draft(PolicyModel from) {
            stopped = from.stopped;
            keep = from.keep;
            replicate = new TreeMap<>(from.replicate);
            encrypted = from.encrypted;
            shared = from.shared;
            disableFor = from.disableFor;
            protect = from.protect;
            maxRemoveCount = from.maxRemoveCount;
            drill = from.drill;
            freeze = from.freeze;
            spread = from.spread;
        }
    }

    /** The same policy, but it keeps one image a day and disables the others for so many days. */
    PolicyModel thinned(int dayCount) {
        return changed(draft -> {
            draft.keep = Optional.of(new Keeping(0, Map.of(Period.DAILY, 1), 0, 1));
            draft.disableFor = dayCount;
            draft.protect = false;
            draft.maxRemoveCount = 0;
        });
    }

    /** The policy file. */
    static String yaml(List<PolicyModel> policies) {
        StringBuilder yaml = new StringBuilder("policies:\n");
        policies.forEach(rules -> yaml.append(rules.yaml()));
        return yaml.toString();
    }

    private String yaml() {
        StringBuilder yaml = new StringBuilder();
        yaml.append("  ").append(name).append(":\n");
        line(yaml, "select: {tags: {backup: %s}, regions: %s}".formatted(name, regions));
        line(
                yaml,
                every > 0
                        ? "schedule: {every: %dh%s}".formatted(every, spreadYaml())
                        : "schedule: {cron: \"%d %d * * *\", zone: %s%s}"
                                .formatted(time.getMinute(), time.getHour(), zone, spreadYaml()));
        line(yaml, "on: [%stagged, requested]".formatted(stopped ? "stopped, " : ""));
        freeze.ifPresent(it -> line(yaml, "image: " + it.yaml()));
        keep.ifPresent(it -> line(yaml, "keep: " + it.yaml()));
        if (!replicate.isEmpty()) {
            line(yaml, "replicate:");
            replicate.forEach((region, own) -> {
                List<String> fields = new ArrayList<>();
                if (encrypted) {
                    fields.add("kmsKey: " + KEY);
                }
                own.ifPresent(it -> fields.add("keep: " + it.yaml()));
                line(yaml, "  " + region + ": {" + String.join(", ", fields) + "}");
            });
        }
        if (shared) {
            line(yaml, "share: {accounts: [\"111122223333\"]}");
        }
        if (disableFor > 0) {
            line(yaml, "retire: {disableFor: %dd}".formatted(disableFor));
        }
        if (protect) {
            line(yaml, "protect: true");
        }
        if (maxRemoveCount > 0) {
            line(yaml, "limits: {maxRemoveCount: %d}".formatted(maxRemoveCount));
        }
        drill.ifPresent(it -> line(yaml, "drill: " + it.yaml()));
        return yaml.toString();
    }

    private String spreadYaml() {
        return spread > 0 ? ", spread: %dh".formatted(spread) : "";
    }

    /**
     * How long after a slot the image of an instance may start: the first eight bytes of a hash
     * choose the moment.
     */
    Duration turn(String instance) {
        BigInteger hash =
                new BigInteger(Sha256.of(name + "/" + instance), 16)
                        .shiftRight(256 - 64)
                        .multiply(BigInteger.valueOf(spread * 3600L))
                        .shiftRight(64);
        return Duration.ofSeconds(hash.longValueExact());
    }

    private static void line(StringBuilder yaml, String text) {
        yaml.append("    ").append(text).append('\n');
    }

    /** Without a zone, days begin in UTC. */
    ZoneId zoneId() {
        return ZoneId.of(every > 0 ? "UTC" : zone);
    }

    /** The slots in {@code (after, until]}. */
    List<Instant> slots(Instant after, Instant until) {
        List<Instant> slots = new ArrayList<>();
        if (every > 0) {
            long step = every * 3600L;
            for (long at = Math.floorDiv(after.getEpochSecond(), step) * step + step;
                    at <= until.getEpochSecond();
                    at += step) {
                slots.add(Instant.ofEpochSecond(at));
            }
            return slots;
        }
        LocalDate last = until.atZone(zoneId()).toLocalDate();
        for (LocalDate day = after.atZone(zoneId()).toLocalDate();
                !day.isAfter(last);
                day = day.plusDays(1)) {
            Instant at = moment(day.atTime(time));
            if (at.isAfter(after) && !at.isAfter(until)) {
                slots.add(at);
            }
        }
        return slots;
    }

    /** A time that a clock change skips counts as the moment of the change. */
    private Instant moment(LocalDateTime local) {
        ZoneOffsetTransition change = zoneId().getRules().getTransition(local);
        return change != null && change.isGap()
                ? change.getInstant()
                : local.atZone(zoneId()).toInstant();
    }

    /** The rules for images in a Region; empty if nothing is removed there. */
    Optional<Keeping> keepIn(String region, boolean copy) {
        if (!copy) {
            return regions.contains(region) ? keep : Optional.empty();
        }
        Optional<Keeping> own = replicate.getOrDefault(region, Optional.empty());
        return replicate.containsKey(region) ? own.or(() -> keep) : Optional.empty();
    }

    /** A span in words. */
    static String words(Duration span) {
        if (span.toHours() >= 48) {
            return "%d days".formatted(span.toDays());
        }
        return span.toMinutes() >= 120
                ? "%d hours".formatted(span.toHours())
                : "%d minutes".formatted(span.toMinutes());
    }
}
