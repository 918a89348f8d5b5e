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

/** Collects what uses which image, as far as one probe sees it. */
public final class Users {
    private final Map<ImageId, List<String>> byImage = new HashMap<>();
    private final List<String> unresolved = new ArrayList<>();
    private String permission = "";
    private String left = "";

    /** Runs a probe; what it saw before a failure still counts as use. */
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

    /** Notes what was not read and does not count as use; it becomes part of the probe's name. */
    void leaving(String what) {
        left = what;
    }

    /** Sets the permission that the next calls need, which a refusal then names. */
    void calling(String needed) {
        permission = needed;
    }

    /**
     * Adds a use of an image. If the image is named by anything but an id, it could be any image,
     * so the use is unresolved.
     */
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

    /** Adds a use of an unknown image. */
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
