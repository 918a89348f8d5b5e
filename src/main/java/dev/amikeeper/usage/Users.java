package dev.amikeeper.usage;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Texts;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Who uses what, as far as one probe has seen it. */
public final class Users {
    private final Map<ImageId, List<String>> byImage = new HashMap<>();
    private final List<String> unresolved = new ArrayList<>();
    private String permission = "";
    private String left = "";

    /** Looks; what was seen before a failure still counts as use. */
    static Usage.Report report(String name, Instant at, Consumer<Users> look) {
        Users users = new Users();
        try {
            look.accept(users);
            return new Usage.Report(users.name(name), at, users.byImage, users.unresolved());
        } catch (SdkException error) {
            return new Usage.Report(
                    name, at, users.byImage, Optional.of(Fault.text(error, users.permission)));
        }
    }

    private String name(String probe) {
        return left.isEmpty() ? probe : probe + " (" + left + ")";
    }

    /** What was not looked at, and does not count as use: the probe's name says so. */
    void leaving(String what) {
        left = what;
    }

    /** The permission that the next calls need: a refusal names it. */
    void calling(String needed) {
        permission = needed;
    }

    /** An image that is named by anything but an id could be any: that use is not known. */
    synchronized void add(@Nullable String image, String user) {
        if (image == null || image.isBlank()) {
            return;
        }
        try {
            byImage.computeIfAbsent(new ImageId(image), id -> new ArrayList<>()).add(user);
        } catch (IllegalArgumentException notAnId) {
            addUnresolved(user + " names its image as " + Texts.quoted(image));
        }
    }

    /** A use of an image that is not known. */
    synchronized void addUnresolved(String use) {
        unresolved.add(use);
    }

    private Optional<String> unresolved() {
        return unresolved.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        unresolved.getFirst()
                                + (unresolved.size() == 1
                                        ? ""
                                        : " and " + (unresolved.size() - 1) + " more"));
    }
}
