package dev.amikeeper.image;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of an AMI, {@code <policy>/<instance-id>/<slot>}: what it is an image of, and the
 * idempotency key of its making, for EC2 holds names unique per account and Region.
 */
public record ImageName(String policy, InstanceId instance, Slot slot)
        implements Comparable<ImageName> {
    /** What a policy may be called. */
    public static final Pattern POLICY = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    /**
     * Checks the policy's name.
     *
     * @throws IllegalArgumentException if it is none
     */
    public ImageName {
        if (!POLICY.matcher(policy).matches()) {
            throw new IllegalArgumentException("not a policy's name: " + Texts.quoted(policy));
        }
    }

    /** Reads a name of ours; empty for any other. */
    public static Optional<ImageName> parse(String name) {
        String[] parts = name.split("/", -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        try {
            InstanceId instance = new InstanceId(parts[1]);
            return Slot.inName(parts[2]).map(slot -> new ImageName(parts[0], instance, slot));
        } catch (IllegalArgumentException notOurs) {
            return Optional.empty();
        }
    }

    /** By slot, then policy, then instance: the order of need. */
    @Override
    public int compareTo(ImageName other) {
        int bySlot = slot.compareTo(other.slot);
        if (bySlot != 0) {
            return bySlot;
        }
        // As the texts compare, where a longer policy may come before a shorter one.
        return policy.equals(other.policy)
                ? instance.value().compareTo(other.instance.value())
                : (policy + "/").compareTo(other.policy + "/");
    }

    @Override
    public String toString() {
        return policy + "/" + instance + "/" + slot.inName();
    }
}
