package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;
import dev.amikeeper.retention.Usage;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplateVersionsRequest;
import software.amazon.awssdk.services.ec2.model.LaunchTemplate;
import software.amazon.awssdk.services.ec2.model.LaunchTemplateVersion;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Looks for what uses images, in bulk: never once per image. A probe that fails or is denied says
 * so, and its answer is "unknown".
 */
public final class Probes {
    private static final int INSTANCES_A_PAGE = 1000;
    private static final int TEMPLATES_A_PAGE = 200;

    private final Function<Region, Ec2Client> ec2;

    /** Probes of any Region. */
    public Probes(Function<Region, Ec2Client> ec2) {
        this.ec2 = ec2;
    }

    /** What uses the images of this Region, as every probe tells. */
    public Usage usage(Region region) {
        Ec2Client client = ec2.apply(region);
        return Usage.of(
                List.of(
                        probe("instances", users -> instances(client, users)),
                        probe("launch templates", users -> launchTemplates(client, users))));
    }

    /** What was seen before a failure still counts as use. */
    private static Usage.Probe probe(String name, Consumer<Users> look) {
        Users users = new Users();
        try {
            look.accept(users);
            return new Usage.Probe(name, users.byImage, users.unresolved());
        } catch (SdkException error) {
            return new Usage.Probe(name, users.byImage, Optional.of(Fault.text(error)));
        }
    }

    /** Instances of any state: a stopped one may be all that is left of a server. */
    private static void instances(Ec2Client client, Users users) {
        client.describeInstancesPaginator(request -> request.maxResults(INSTANCES_A_PAGE))
                .reservations()
                .forEach(reservation ->
                        reservation
                                .instances()
                                .forEach(instance ->
                                        users.add(
                                                instance.imageId(),
                                                "instance " + instance.instanceId())));
    }

    /**
     * Every version of every template. EC2 answers the newest and the default version of all
     * templates together; only those with more versions are read one by one. Aliases ({@code
     * resolve:ssm:…}) are resolved by EC2.
     */
    private static void launchTemplates(Ec2Client client, Users users) {
        List<LaunchTemplate> templates =
                client
                        .describeLaunchTemplatesPaginator(
                                request -> request.maxResults(TEMPLATES_A_PAGE))
                        .launchTemplates()
                        .stream()
                        .toList();
        if (templates.isEmpty()) {
            return;
        }
        versions(client, users, request -> request.versions("$Latest", "$Default"));
        for (LaunchTemplate template : templates) {
            if (template.latestVersionNumber() > 1) {
                versions(
                        client,
                        users,
                        request -> request.launchTemplateId(template.launchTemplateId()));
            }
        }
    }

    private static void versions(
            Ec2Client client,
            Users users,
            Consumer<DescribeLaunchTemplateVersionsRequest.Builder> which) {
        client
                .describeLaunchTemplateVersionsPaginator(request -> {
                    request.maxResults(TEMPLATES_A_PAGE).resolveAlias(true);
                    which.accept(request);
                })
                .launchTemplateVersions()
                .stream()
                .filter(version -> version.launchTemplateData() != null)
                .forEach(
                        version -> users.add(version.launchTemplateData().imageId(), use(version)));
    }

    private static String use(LaunchTemplateVersion version) {
        return "launch template "
                + version.launchTemplateId()
                + " version "
                + version.versionNumber();
    }

    /** Collects who uses what. */
    private static final class Users {
        private final Map<ImageId, List<String>> byImage = new HashMap<>();
        private final List<String> unresolved = new ArrayList<>();

        /** An image that is named by anything but an id could be any: that use is not known. */
        void add(@Nullable String image, String user) {
            if (image == null || image.isBlank()) {
                return;
            }
            try {
                byImage.computeIfAbsent(new ImageId(image), id -> new ArrayList<>()).add(user);
            } catch (IllegalArgumentException notAnId) {
                unresolved.add(user + " names its image as " + Texts.quoted(image));
            }
        }

        Optional<String> unresolved() {
            return unresolved.isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            unresolved.getFirst()
                                    + (unresolved.size() == 1
                                            ? ""
                                            : " and " + (unresolved.size() - 1) + " more"));
        }
    }
}
