package dev.amikeeper.lifecycle;

import static java.util.stream.Collectors.toCollection;

import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Image;
import dev.amikeeper.policy.Policy;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who should have which access to an image: those whom its policy names, and those who had access
 * before it was disabled, except everybody. Pure.
 *
 * @param launch account ids, and ARNs of organizations and organizational units
 * @param copy ids of the accounts that may create volumes from its snapshots
 */
public record WantedShares(Set<String> launch, Set<String> copy) {
    public WantedShares {
        launch = Set.copyOf(launch);
        copy = Set.copyOf(copy);
    }

    /**
     * The shares wanted for this image. If its policy is not in the file, the existing shares stay.
     */
    static WantedShares of(Image image, Optional<Policy> policy) {
        Set<String> launch = new LinkedHashSet<>(image.leaving().permissions());
        launch.remove(ImageReads.EVERYBODY);
        policy.map(Policy::share).map(Policy.ShareRules::all).ifPresent(launch::addAll);
        return new WantedShares(
                launch,
                Set.copyOf(
                        policy.map(it -> it.share().copiers()).orElse(image.sharing().copiers())));
    }

    /**
     * Whether an image is not shared as it should be and another try may fix that: it lacks a share
     * that EC2 may accept, or others have too much access.
     *
     * @param policy empty if it is no longer in the file
     * @param refusing whom EC2 is known to refuse
     */
    public static boolean differs(Image image, Optional<Policy> policy, Set<String> refusing) {
        WantedShares wanted = of(image, policy);
        boolean lacksAll =
                !image.leaving().permissions().isEmpty()
                        || (!wanted.launch.isEmpty() && !image.shared());
        boolean lacksSome =
                image.sharing().refused().stream()
                        .anyMatch(who -> wanted.launch.contains(who) && !refusing.contains(who));
        return lacksAll
                || lacksSome
                || !wanted.copiers(image.sharing().refused()).equals(had(image));
    }

    /** The accounts that may create volumes, without the given ones. */
    Set<String> copiers(List<String> without) {
        return copy.stream()
                .filter(who -> !without.contains(who))
                .collect(toCollection(LinkedHashSet::new));
    }

    private static Set<String> had(Image image) {
        return Set.copyOf(image.sharing().copiers());
    }
}
