package dev.amikeeper.image;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of an AMI, {@code <policy>/<instance-id>/<slot>}. It says what the AMI is an image of.
 * It is also the idempotency key of its creation, because EC2 keeps names unique within an account
 * and Region.
 */
public record ImageName(String policy, InstanceId instance, Slot slot)
        implements Comparable<ImageName> {
    /** The form of a policy's name. */
    public static final Pattern POLICY = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    /**
     * Checks the policy's name.
     *
     * @throws IllegalArgumentException if it has the wrong form
     */
    public ImageName {
        if (!POLICY.matcher(policy).matches()) {
            throw new IllegalArgumentException("not a policy's name: " + Texts.quoted(policy));
        }
    }

    /** Reads a name that AMI Keeper gave; empty for any other name. */
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

    /** Orders names by slot, then policy, then instance: the order in which images are needed. */
    @Override
    public int compareTo(ImageName other) {
        int bySlot = slot.compareTo(other.slot);
        if (bySlot != 0) {
            return bySlot;
        }
        // Compare as the full texts do: a longer policy name may come before a shorter one.
        return policy.equals(other.policy)
                ? instance.value().compareTo(other.instance.value())
                : (policy + "/").compareTo(other.policy + "/");
    }

    @Override
    public String toString() {
        return policy + "/" + instance + "/" + slot.inName();
    }
}
