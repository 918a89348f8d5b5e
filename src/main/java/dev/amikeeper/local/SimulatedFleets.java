package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.BatchState;
import software.amazon.awssdk.services.ec2.model.CancelSpotFleetRequestsRequest;
import software.amazon.awssdk.services.ec2.model.CancelSpotFleetRequestsResponse;
import software.amazon.awssdk.services.ec2.model.CancelSpotFleetRequestsSuccessItem;
import software.amazon.awssdk.services.ec2.model.CancelSpotInstanceRequestsRequest;
import software.amazon.awssdk.services.ec2.model.CancelSpotInstanceRequestsResponse;
import software.amazon.awssdk.services.ec2.model.CancelledSpotInstanceRequest;
import software.amazon.awssdk.services.ec2.model.CreateFleetRequest;
import software.amazon.awssdk.services.ec2.model.CreateFleetResponse;
import software.amazon.awssdk.services.ec2.model.DeleteFleetSuccessItem;
import software.amazon.awssdk.services.ec2.model.DeleteFleetsRequest;
import software.amazon.awssdk.services.ec2.model.DeleteFleetsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeFleetsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeFleetsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSpotFleetRequestsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSpotFleetRequestsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSpotInstanceRequestsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSpotInstanceRequestsResponse;
import software.amazon.awssdk.services.ec2.model.FleetData;
import software.amazon.awssdk.services.ec2.model.FleetLaunchTemplateConfig;
import software.amazon.awssdk.services.ec2.model.FleetLaunchTemplateConfigRequest;
import software.amazon.awssdk.services.ec2.model.FleetLaunchTemplateOverrides;
import software.amazon.awssdk.services.ec2.model.FleetStateCode;
import software.amazon.awssdk.services.ec2.model.FleetType;
import software.amazon.awssdk.services.ec2.model.RequestSpotFleetRequest;
import software.amazon.awssdk.services.ec2.model.RequestSpotFleetResponse;
import software.amazon.awssdk.services.ec2.model.RequestSpotInstancesRequest;
import software.amazon.awssdk.services.ec2.model.RequestSpotInstancesResponse;
import software.amazon.awssdk.services.ec2.model.SpotFleetRequestConfig;
import software.amazon.awssdk.services.ec2.model.SpotInstanceRequest;
import software.amazon.awssdk.services.ec2.model.SpotInstanceState;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Spot requests, Spot fleets and EC2 fleets of one Region. They are only requests: nothing is
 * launched.
 */
final class SimulatedFleets {
    private static final Listing<SpotInstanceRequest> REQUESTS =
            new Listing<>(
                    SpotInstanceRequest::spotInstanceRequestId,
                    SpotInstanceRequest::tags,
                    Map.of(
                            "state", it -> Stream.of(it.stateAsString()),
                            "launch.image-id",
                                    it -> Stream.of(it.launchSpecification().imageId())));

    private static final Listing<SpotFleetRequestConfig> SPOT_FLEETS =
            new Listing<>(
                    SpotFleetRequestConfig::spotFleetRequestId,
                    SpotFleetRequestConfig::tags,
                    Map.of());

    private static final Listing<FleetData> FLEETS =
            new Listing<>(
                    FleetData::fleetId,
                    FleetData::tags,
                    Map.of("fleet-state", it -> Stream.of(it.fleetStateAsString())));

    private final CloudCore core;
    private final SortedMap<String, SpotInstanceRequest> requests = new TreeMap<>();
    private final SortedMap<String, SpotFleetRequestConfig> spotFleets = new TreeMap<>();
    private final SortedMap<String, FleetData> fleets = new TreeMap<>();

    SimulatedFleets(CloudCore core) {
        this.core = core;
    }

    RequestSpotInstancesResponse request(RequestSpotInstancesRequest request) {
        List<SpotInstanceRequest> made = new ArrayList<>();
        for (int n = 0; n < Objects.requireNonNullElse(request.instanceCount(), 1); n++) {
            SpotInstanceRequest spot =
                    SpotInstanceRequest.builder()
                            .spotInstanceRequestId(core.ids().next("sir"))
                            .state(SpotInstanceState.OPEN)
                            .type(request.type())
                            .createTime(core.timeline().instant())
                            .launchSpecification(launch ->
                                    launch.imageId(request.launchSpecification().imageId())
                                            .instanceType(
                                                    request.launchSpecification().instanceType()))
                            .build();
            requests.put(spot.spotInstanceRequestId(), spot);
            made.add(spot);
        }
        return RequestSpotInstancesResponse.builder().spotInstanceRequests(made).build();
    }

    CancelSpotInstanceRequestsResponse cancel(CancelSpotInstanceRequestsRequest request) {
        List<CancelledSpotInstanceRequest> cancelled = new ArrayList<>();
        for (String id : request.spotInstanceRequestIds()) {
            requests.computeIfPresent(
                    id, (_, it) -> it.toBuilder().state(SpotInstanceState.CANCELLED).build());
            cancelled.add(
                    CancelledSpotInstanceRequest.builder()
                            .spotInstanceRequestId(id)
                            .state("cancelled")
                            .build());
        }
        return CancelSpotInstanceRequestsResponse.builder()
                .cancelledSpotInstanceRequests(cancelled)
                .build();
    }

    DescribeSpotInstanceRequestsResponse describe(DescribeSpotInstanceRequestsRequest request) {
        List<String> ids = request.spotInstanceRequestIds();
        Listing.Page<SpotInstanceRequest> page =
                REQUESTS.page(
                        requests.values().stream()
                                .filter(it -> Listing.isAmong(ids, it.spotInstanceRequestId())),
                        request.filters(),
                        request.maxResults(),
                        request.nextToken());
        return DescribeSpotInstanceRequestsResponse.builder()
                .spotInstanceRequests(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    RequestSpotFleetResponse request(RequestSpotFleetRequest request) {
        String id = "sfr-" + core.ids().uuid();
        spotFleets.put(
                id,
                SpotFleetRequestConfig.builder()
                        .spotFleetRequestId(id)
                        .spotFleetRequestState(BatchState.ACTIVE)
                        .spotFleetRequestConfig(request.spotFleetRequestConfig())
                        .createTime(core.timeline().instant())
                        .build());
        return RequestSpotFleetResponse.builder().spotFleetRequestId(id).build();
    }

    CancelSpotFleetRequestsResponse cancel(CancelSpotFleetRequestsRequest request) {
        BatchState state =
                Boolean.TRUE.equals(request.terminateInstances())
                        ? BatchState.CANCELLED_TERMINATING
                        : BatchState.CANCELLED_RUNNING;
        List<CancelSpotFleetRequestsSuccessItem> cancelled = new ArrayList<>();
        for (String id : request.spotFleetRequestIds()) {
            spotFleets.computeIfPresent(
                    id, (_, it) -> it.toBuilder().spotFleetRequestState(state).build());
            cancelled.add(
                    CancelSpotFleetRequestsSuccessItem.builder()
                            .spotFleetRequestId(id)
                            .currentSpotFleetRequestState(state)
                            .build());
        }
        return CancelSpotFleetRequestsResponse.builder().successfulFleetRequests(cancelled).build();
    }

    DescribeSpotFleetRequestsResponse describe(DescribeSpotFleetRequestsRequest request) {
        List<String> ids = request.spotFleetRequestIds();
        Listing.Page<SpotFleetRequestConfig> page =
                SPOT_FLEETS.page(
                        spotFleets.values().stream()
                                .filter(it -> Listing.isAmong(ids, it.spotFleetRequestId())),
                        request.maxResults(),
                        request.nextToken());
        return DescribeSpotFleetRequestsResponse.builder()
                .spotFleetRequestConfigs(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    CreateFleetResponse create(CreateFleetRequest request) {
        String id = "fleet-" + core.ids().uuid();
        fleets.put(
                id,
                FleetData.builder()
                        .fleetId(id)
                        .fleetState(FleetStateCode.ACTIVE)
                        .type(Objects.requireNonNullElse(request.type(), FleetType.MAINTAIN))
                        .createTime(core.timeline().instant())
                        .launchTemplateConfigs(
                                request.launchTemplateConfigs().stream()
                                        .map(SimulatedFleets::config)
                                        .toList())
                        .build());
        return CreateFleetResponse.builder().fleetId(id).build();
    }

    DeleteFleetsResponse delete(DeleteFleetsRequest request) {
        FleetStateCode state =
                Boolean.TRUE.equals(request.terminateInstances())
                        ? FleetStateCode.DELETED_TERMINATING
                        : FleetStateCode.DELETED_RUNNING;
        List<DeleteFleetSuccessItem> deleted = new ArrayList<>();
        for (String id : request.fleetIds()) {
            fleets.computeIfPresent(id, (_, it) -> it.toBuilder().fleetState(state).build());
            deleted.add(
                    DeleteFleetSuccessItem.builder().fleetId(id).currentFleetState(state).build());
        }
        return DeleteFleetsResponse.builder().successfulFleetDeletions(deleted).build();
    }

    /** Fleets of type instant are shown only if the request names them. */
    DescribeFleetsResponse describe(DescribeFleetsRequest request) {
        Stream<FleetData> wanted =
                fleets.values().stream()
                        .filter(it ->
                                request.fleetIds().isEmpty()
                                        ? it.type() != FleetType.INSTANT
                                        : request.fleetIds().contains(it.fleetId()));
        Listing.Page<FleetData> page =
                FLEETS.page(wanted, request.filters(), request.maxResults(), request.nextToken());
        return DescribeFleetsResponse.builder()
                .fleets(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    private static FleetLaunchTemplateConfig config(FleetLaunchTemplateConfigRequest asked) {
        return FleetLaunchTemplateConfig.builder()
                .overrides(
                        asked.overrides().stream()
                                .map(override ->
                                        FleetLaunchTemplateOverrides.builder()
                                                .imageId(override.imageId())
                                                .instanceType(override.instanceType())
                                                .build())
                                .toList())
                .build();
    }
}
