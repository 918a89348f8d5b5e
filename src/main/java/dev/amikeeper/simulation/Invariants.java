package dev.amikeeper.simulation;

import java.util.List;
import java.util.stream.Stream;

/**
 * Judges the invariants of the design at the end of a play, from the cloud's own state and the
 * history. The catalogue is asked only for what it must hold: failures, tombstones and notices.
 * {@link Witness} judges each deletion at the moment it happens.
 */
final class Invariants {
    private Invariants() {}

    static List<Violation> violations(Simulation play) {
        Aftermath aftermath = Aftermath.of(play);
        return Stream.of(
                        new SlotInvariants(aftermath).violations(),
                        new ImageInvariants(aftermath).violations(),
                        new ServerInvariants(aftermath).violations(),
                        new WorkInvariants(aftermath).violations(),
                        aftermath.told().everythingIsToldOnce(play))
                .flatMap(List::stream)
                .toList();
    }
}
