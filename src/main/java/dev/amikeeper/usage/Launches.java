package dev.amikeeper.usage;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Filters;
import dev.amikeeper.image.Region;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BatchState;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplateVersionsRequest;
import software.amazon.awssdk.services.ec2.model.FleetStateCode;
import software.amazon.awssdk.services.ec2.model.LaunchTemplate;
import software.amazon.awssdk.services.ec2.model.LaunchTemplateVersion;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Finds what was launched from images in EC2, and what may launch from them. Everything is read in
 * pages.
 */
final class Launches {
    private static final int PAGE = 1000;
    private static final int TEMPLATES_A_PAGE = 200;

    /** A stopped request may resume; a closed, failed or canceled one never launches again. */
    private static final List<String> LIVE_REQUESTS = List.of("open", "active", "disabled");

    /** These launch nothing any more, and what they did launch is found among the instances. */
    private static final Set<BatchState> ENDED_SPOT_FLEETS =
            EnumSet.of(
                    BatchState.CANCELLED,
                    BatchState.CANCELLED_RUNNING,
                    BatchState.CANCELLED_TERMINATING);

    private static final Set<FleetStateCode> ENDED_FLEETS =
            EnumSet.of(
                    FleetStateCode.DELETED,
                    FleetStateCode.DELETED_RUNNING,
                    FleetStateCode.DELETED_TERMINATING);

    private Launches() {}

    static List<Probe> probes(Function<Region, Ec2Client> clients) {
        return List.of(
                probe("instances", clients, Launches::instances),
                probe("launch templates", clients, Launches::launchTemplates),
                probe("Spot requests", clients, Launches::spotRequests).whereOffered(),
                probe("Spot fleets", clients, Launches::spotFleets).whereOffered(),
                probe("EC2 fleets", clients, Launches::fleets).whereOffered());
    }

    private static Probe probe(
            String name, Function<Region, Ec2Client> clients, BiConsumer<Ec2Client, Users> look) {
        return new Probe(name, (region, users) -> look.accept(clients.apply(region), users));
    }

    /** Reads instances in any state: a stopped one may be all that is left of a server. */
    private static void instances(Ec2Client client, Users users) {
        users.calling("ec2:DescribeInstances");
        client.describeInstancesPaginator(request -> request.maxResults(PAGE))
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
     * Reads every version of every launch template. One call returns the newest and the default
     * version of all templates; only templates with more versions are read one by one. EC2 resolves
     * aliases ({@code resolve:ssm:…}).
     */
    private static void launchTemplates(Ec2Client client, Users users) {
        users.calling("ec2:DescribeLaunchTemplates");
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
        users.calling("ec2:DescribeLaunchTemplateVersions");
        versions(client, users, request -> request.versions("$Latest", "$Default"));
        for (LaunchTemplate template : templates) {
            if (template.latestVersionNumber() > 1) {
                versionsIfThere(client, users, template.launchTemplateId());
            }
        }
    }

    /**
     * Reads the versions of a template. One that was deleted since it was listed launches nothing
     * any more.
     */
    private static void versionsIfThere(Ec2Client client, Users users, String template) {
        try {
            versions(client, users, request -> request.launchTemplateId(template));
        } catch (SdkException error) {
            if (Fault.of(error) != Fault.GONE) {
                throw error;
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

    /** Reads Spot requests that may still launch. */
    private static void spotRequests(Ec2Client client, Users users) {
        users.calling("ec2:DescribeSpotInstanceRequests");
        client
                .describeSpotInstanceRequestsPaginator(request ->
                        request.maxResults(PAGE).filters(Filters.anyOf("state", LIVE_REQUESTS)))
                .spotInstanceRequests()
                .stream()
                .filter(spot -> spot.launchSpecification() != null)
                .forEach(spot ->
                        users.add(
                                spot.launchSpecification().imageId(),
                                "Spot request " + spot.spotInstanceRequestId()));
    }

    /**
     * Reads the launch specifications of Spot fleets; fleets that use launch templates name no
     * image.
     */
    private static void spotFleets(Ec2Client client, Users users) {
        users.calling("ec2:DescribeSpotFleetRequests");
        client
                .describeSpotFleetRequestsPaginator(request -> request.maxResults(PAGE))
                .spotFleetRequestConfigs()
                .stream()
                .filter(fleet -> !ENDED_SPOT_FLEETS.contains(fleet.spotFleetRequestState()))
                .filter(fleet -> fleet.spotFleetRequestConfig() != null)
                .forEach(fleet ->
                        fleet.spotFleetRequestConfig()
                                .launchSpecifications()
                                .forEach(launch ->
                                        users.add(
                                                launch.imageId(),
                                                "Spot fleet " + fleet.spotFleetRequestId())));
    }

    /**
     * Reads fleets that override the image of their launch template. EC2 does not list fleets of
     * type {@code instant}, which launch only once, when they are created.
     */
    private static void fleets(Ec2Client client, Users users) {
        users.calling("ec2:DescribeFleets");
        client.describeFleetsPaginator(request -> request.maxResults(PAGE)).fleets().stream()
                .filter(fleet -> !ENDED_FLEETS.contains(fleet.fleetState()))
                .forEach(fleet ->
                        fleet.launchTemplateConfigs().stream()
                                .flatMap(config -> config.overrides().stream())
                                .forEach(override ->
                                        users.add(
                                                override.imageId(),
                                                "EC2 fleet " + fleet.fleetId())));
    }
}
