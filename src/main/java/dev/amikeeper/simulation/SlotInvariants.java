package dev.amikeeper.simulation;

import dev.amikeeper.catalog.Run;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.simulation.Simulation.Asked;
import dev.amikeeper.simulation.Simulation.DeployedRules;
import dev.amikeeper.simulation.Simulation.InstanceChange;
import dev.amikeeper.simulation.Simulation.SimulatedServer;
import dev.amikeeper.simulation.Witness.Made;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Everything that is due is made once and not forgotten: slots, requests and copies. */
final class SlotInvariants {
    private static final String ONE = "1 one slot, one image";
    private static final String FORGOTTEN = "2 nothing forgotten";
    private static final String COPIES = "3 every copy arrives";
    private static final String TURN = "14 each in its turn";

    private final Aftermath aftermath;
    private final Simulation play;
    private final List<Violation> violations = new ArrayList<>();

    SlotInvariants(Aftermath aftermath) {
        this.aftermath = aftermath;
        play = aftermath.play();
    }

    List<Violation> violations() {
        oneSlotOneImage();
        everySlotEnded();
        eachInItsTurn();
        everyRequestEnded();
        everyCopyArrived();
        return violations;
    }

    private void violated(String invariant, String what) {
        violations.add(new Violation(invariant, what));
    }

    /** No image ever replaces another one that was good. */
    private void oneSlotOneImage() {
        aftermath
                .made()
                .forEach((key, all) -> {
                    List<String> good =
                            all.stream()
                                    .map(Made::id)
                                    .filter(id -> !play.witness().hasFailed(id))
                                    .filter(id -> !play.witness().wentBeforeItWasKnown(id))
                                    .toList();
                    if (good.size() > 1) {
                        violated(ONE, key + " was made more than once: " + good);
                    }
                });
    }

    private void everySlotEnded() {
        List<DeployedRules> versions = play.versions();
        for (int i = 0; i < versions.size(); i++) {
            Instant from = versions.get(i).from();
            Instant until = i + 1 < versions.size() ? versions.get(i + 1).from() : aftermath.end();
            for (PolicyModel rules : versions.get(i).rules()) {
                // The first tick only notes that there is a new policy.
                Instant after = from.plus(Aftermath.UNSURE);
                for (Instant slot : rules.slots(after, until)) {
                    Optional<Instant> tick = play.goodTick(slot);
                    if (tick.isPresent()
                            && tick.get().isBefore(until)
                            && slot.plus(Aftermath.YOUNG).isBefore(aftermath.end())) {
                        play.people().fleet().forEach(it -> slotEnded(rules, it, slot, tick.get()));
                    }
                }
            }
        }
    }

    private void slotEnded(PolicyModel rules, SimulatedServer server, Instant slot, Instant tick) {
        if (!isSelected(rules, server, slot, tick)) {
            return;
        }
        String name =
                "%s/%s/%s".formatted(rules.name(), server.id(), slot.toString().replace(':', '.'));
        boolean ended =
                aftermath.wasAvailable(server.region(), name)
                        || aftermath.failureIsTold(server.region(), name)
                        || missIsTold(rules, server.region(), slot);
        if (!ended) {
            violated(
                    FORGOTTEN,
                    Aftermath.key(server.region(), name)
                            + " "
                            + aftermath.record(server.region(), name));
        }
    }

    /** Whether it was certainly selected all the time between the two. */
    private static boolean isSelected(
            PolicyModel rules, SimulatedServer server, Instant slot, Instant tick) {
        boolean stable =
                server.changes().stream()
                        .map(InstanceChange::at)
                        .noneMatch(at ->
                                at.isAfter(slot.minus(Aftermath.UNSURE))
                                        && !at.isAfter(tick.plus(Aftermath.UNSURE)));
        Optional<InstanceChange> last =
                server.changes().stream().filter(it -> it.at().isBefore(slot)).reduce((a, b) -> b);
        return stable
                && rules.regions().contains(server.region())
                && last.filter(it -> it.backup().equals(rules.name()))
                        .filter(it -> !it.state().isEmpty())
                        .isPresent();
    }

    private boolean missIsTold(PolicyModel rules, String region, Instant slot) {
        return play.catalog().runs(rules.name()).stream()
                .flatMap(run -> run instanceof Run.Missed missed ? Stream.of(missed) : Stream.of())
                .filter(it -> it.region().name().equals(region))
                .filter(it -> !slot.isBefore(it.first().time()))
                .filter(it -> !slot.isAfter(it.last().time()))
                .anyMatch(it ->
                        aftermath
                                .told()
                                .isTold(Trouble.MISSED.of(region, rules.name() + "/" + it.last())));
    }

    /** A slot that is taken late is made up for, so only the beginning of a turn is judged. */
    private void eachInItsTurn() {
        for (Made image : play.witness().made()) {
            String[] name = image.name().split("/", -1);
            Instant slot = Instant.parse(name[2].replace('.', ':'));
            // A request's image is no slot's.
            Optional<Instant> turn =
                    versions(name[0], slot, image.at()).stream()
                            .filter(it -> !it.slots(slot.minusSeconds(1), slot).isEmpty())
                            .map(it -> slot.plus(it.turn(name[1])))
                            .min(Comparator.naturalOrder());
            if (!image.copy() && turn.filter(it -> isBefore(image, it)).isPresent()) {
                violated(
                        TURN,
                        "%s was begun at %s, before %s"
                                .formatted(image.name(), image.at(), turn.get()));
            }
        }
    }

    private static boolean isBefore(Made image, Instant turn) {
        return image.at().isBefore(turn.minus(Aftermath.UNSURE));
    }

    /** The versions of a policy under which the slot may have been taken. */
    private List<PolicyModel> versions(String policy, Instant slot, Instant until) {
        List<DeployedRules> versions = play.versions();
        List<PolicyModel> some = new ArrayList<>();
        for (int i = 0; i < versions.size(); i++) {
            boolean over = i + 1 < versions.size() && !versions.get(i + 1).from().isAfter(slot);
            if (!over && !versions.get(i).from().isAfter(until)) {
                versions.get(i).rules().stream()
                        .filter(it -> it.name().equals(policy))
                        .forEach(some::add);
            }
        }
        return some;
    }

    /** Judges requests that could be met at all times since, under rules that did not change. */
    private void everyRequestEnded() {
        for (Asked asked : play.people().asked()) {
            SimulatedServer server = asked.server();
            DeployedRules version =
                    play.versions().stream()
                            .filter(it -> !it.from().isAfter(asked.at()))
                            .reduce((a, b) -> b)
                            .orElseThrow();
            boolean unchanged = version.equals(play.versions().getLast());
            for (PolicyModel rules : version.rules()) {
                if (unchanged && isSelected(rules, server, asked.at(), aftermath.end())) {
                    requestEnded(rules, asked);
                }
            }
        }
    }

    private void requestEnded(PolicyModel rules, Asked asked) {
        SimulatedServer server = asked.server();
        boolean ended =
                Stream.concat(
                                aftermath.records().values().stream(),
                                aftermath.tombstones().values().stream().map(Tombstone::image))
                        .filter(it -> it.provenance().trigger() == Trigger.TAGGED && !it.isCopy())
                        .filter(it -> it.name().policy().equals(rules.name()))
                        .filter(it -> it.name().instance().value().equals(server.id()))
                        .filter(it ->
                                it.name().slot().time().isAfter(asked.at().minus(Aftermath.UNSURE)))
                        .anyMatch(it ->
                                aftermath.wasAvailable(server.region(), it.name().toString())
                                        || aftermath.failureIsTold(
                                                server.region(), it.name().toString()));
        if (!ended) {
            violated(
                    FORGOTTEN,
                    "the request for %s of %s at %s"
                            .formatted(server.id(), rules.name(), asked.at()));
        }
    }

    private void everyCopyArrived() {
        for (Made home : play.witness().made()) {
            boolean due =
                    !home.copy()
                            && play.witness().wasAvailable(home.id())
                            && home.at().plus(Aftermath.YOUNG).isBefore(aftermath.end())
                            && !play.witness().wentBeforeItWasKnown(home.id());
            if (due) {
                destinations(home).stream()
                        .filter(to -> !aftermath.wasAvailable(to, home.name()))
                        .filter(to -> !aftermath.failureIsTold(to, home.name()))
                        .forEach(to ->
                                violated(
                                        COPIES,
                                        Aftermath.key(to, home.name())
                                                + " "
                                                + aftermath.record(to, home.name())));
            }
        }
    }

    /** The Regions to which every version of the policy replicates it since it was made. */
    private List<String> destinations(Made home) {
        String policy = home.name().substring(0, home.name().indexOf('/'));
        List<DeployedRules> versions = play.versions();
        return HistoryGenerator.REGIONS.stream()
                .filter(region -> !region.equals(home.region()))
                .filter(region -> {
                    for (int i = 0; i < versions.size(); i++) {
                        boolean over =
                                i + 1 < versions.size()
                                        && !versions.get(i + 1).from().isAfter(home.at());
                        boolean replicates =
                                versions.get(i).rules().stream()
                                        .filter(it -> it.name().equals(policy))
                                        .anyMatch(it -> it.replicate().containsKey(region));
                        if (!over && !replicates) {
                            return false;
                        }
                    }
                    return true;
                })
                .toList();
    }
}
