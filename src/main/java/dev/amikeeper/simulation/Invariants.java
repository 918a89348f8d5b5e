package dev.amikeeper.simulation;

import java.util.List;
import java.util.stream.Stream;

/**
 * The invariants of the design, judged at the end of a play from the cloud's own state and from the
 * history. The catalogue is asked for nothing but what it owes: failures, tombstones,
 * announcements. That nothing needed is deleted is judged by {@link Witness}, at the moment of each
 * deletion.
 */
final class Invariants {
    private Invariants() {}

    static List<Violation> violations(Simulation play) {
        Aftermath aftermath = Aftermath.of(play);
        return Stream.of(
                        new SlotInvariants(aftermath).violations(),
                        new ImageInvariants(aftermath).violations(),
                        new ServerInvariants(aftermath).violations(),
                        aftermath.told().everythingIsToldOnce(play))
                .flatMap(List::stream)
                .toList();
    }
}
